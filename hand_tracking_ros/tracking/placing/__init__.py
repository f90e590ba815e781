"""Metres: cameras, the shape of a hand, and where it is in front of the camera."""
