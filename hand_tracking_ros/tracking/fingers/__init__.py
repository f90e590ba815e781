"""What the fingers do: the frame of the hand, joint angles, OpenXR joints."""
