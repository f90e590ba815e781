"""Why a message moves no target."""

from hand_tracking_ros.teleop.teleop import TeleopState


class HandUnavailableError(Exception):
    """There is no hand to follow now."""

    state = TeleopState.HAND_LOST


class TeleopFaultError(HandUnavailableError):
    """Something is wrong that does not mend itself: a value, a transform, a clock, a parameter."""

    state = TeleopState.FAULT


class FrameChangedError(TeleopFaultError):
    """The hands come in another frame than the target's: an engagement ends here."""
