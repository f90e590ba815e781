"""Reading and writing pictures and videos, without ROS."""
