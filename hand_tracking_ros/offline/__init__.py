"""Hands in files instead of live images, without ROS."""
