"""A simulated camera that looks at simulated hands, with exact ground truth; needs no ROS."""
