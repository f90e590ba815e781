"""The version of this package: here, and in package.xml, where ROS tools look for it."""

VERSION = '0.1.0'
