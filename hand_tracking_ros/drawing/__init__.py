"""Hands drawn onto pictures, and pictures put onto contact sheets.

from hand_tracking_ros.drawing import draw_hands

drawing = image.copy()
draw_hands(drawing, pipeline.process(image, stamp_s))
"""

from hand_tracking_ros.drawing.skeleton import draw_hands

__all__ = ['draw_hands']
