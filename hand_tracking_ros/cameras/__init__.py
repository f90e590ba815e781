"""Nodes that stand in for a camera driver: a video, a camera of OpenCV, a simulated camera."""
