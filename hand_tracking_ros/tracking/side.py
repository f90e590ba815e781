"""Which side a track's hand is of: evidence gathered over many images."""

from __future__ import annotations

from hand_tracking_ros.tracking.hand import Handedness

# The probability is the mean over about this many of the last images.
HANDEDNESS_WINDOW = 60
# An image whose presence is this much below 1 counts half. In a video of hands around cups the side
# of one image is right in 80 % of those with a presence over 0.97, in 66 % of those below 0.9.
HALF_WEIGHT = 0.03
# How far that mean must cross 0.5 before the reported side changes; nearer, a side is undecided.
HANDEDNESS_HYSTERESIS = 0.1
# After this many images a hand is known well enough to be told from another one by its side.
ESTABLISHED = 5
# Two probabilities of being a right hand contradict each other from this difference on.
CONTRADICTION = 0.25


class Side:
    """The side of one hand over time.

    Attributes:
        right_probability: 0 to 1, whether it is the person's right hand, by the images so far.
        handedness: the side to report; changes only on clear evidence.
    """

    def __init__(self) -> None:
        self.right_probability = 0.5
        self.handedness = Handedness.UNKNOWN
        self._num_updates = 0
        self._total_weight = 0.0

    @property
    def score(self) -> float:
        """How sure the reported side is: 0.5 (undecided) to 1 (certain)."""
        right = self.right_probability
        return max(right if self.handedness == Handedness.RIGHT else 1 - right, 0.5)

    def update(self, right_probability: float, presence: float = 1.0) -> None:
        """Update the mean with one more image, and change the side only if it is clear.

        An image that shows the hand less surely counts less.
        """
        self._num_updates += 1
        weight = HALF_WEIGHT / (HALF_WEIGHT + 1 - presence)
        self._total_weight = min(self._total_weight + weight, HANDEDNESS_WINDOW)
        step = weight / self._total_weight
        self.right_probability += step * (right_probability - self.right_probability)
        margin = 0.0 if self.handedness == Handedness.UNKNOWN else HANDEDNESS_HYSTERESIS
        if self.right_probability >= 0.5 + margin:
            self.handedness = Handedness.RIGHT
        elif self.right_probability < 0.5 - margin:
            self.handedness = Handedness.LEFT

    @property
    def is_established(self) -> bool:
        """Whether the hand has been seen often enough for its side to say which hand it is."""
        return self._num_updates >= ESTABLISHED

    def difference(self, right_probability: float) -> float:
        """How far one image's probability of a right hand is from this side's, 0 to 1.

        After few images this side is hardly known: then it is near a half.
        """
        known = self._num_updates / (self._num_updates + ESTABLISHED)
        return abs(right_probability - 0.5 - known * (self.right_probability - 0.5))

    def is_contradicted_by(self, right_probability: float) -> bool:
        """Whether one image clearly speaks for the other side; an undecided side has none."""
        if abs(self.right_probability - 0.5) < HANDEDNESS_HYSTERESIS:
            return False
        other = -1 if self.right_probability >= 0.5 else 1
        return other * (right_probability - self.right_probability) > CONTRADICTION
