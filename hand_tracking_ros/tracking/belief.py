"""Whether a track is a hand at all: the evidence of one image after the other.

A foot, a face or a fold of cloth passes for a hand in an image or two. So a track is tentative
until it is confirmed, as in other trackers (SORT's `min_hits`, DeepSORT's `n_init`), and nobody
hears of tentative ones.
"""

from __future__ import annotations

# Presence from which an image speaks for a hand: of 248 hands in pictures 225 have more, of 14
# other things 3.
GOOD_PRESENCE = 0.8
# Presence below which it speaks against one. Between the two are blurred hands, and other things:
# against what is not confirmed yet, it speaks a little.
DOUBTFUL_PRESENCE = 0.65
# Presence from which one image is enough for a large hand, and weighs as much as two for others:
# nothing else in those pictures that is large or found in a part of the image has it.
CLEAR_PRESENCE = 0.9
CLEAR_WEIGHT = 2
# An image that speaks against a hand weighs as much as this many that speak for one: 93 % of the
# hands have the presence of the one kind, 79 % of the other things that of the other.
DOUBT_WEIGHT = 2
# No track has more evidence: a hand seen for long is given up after a few doubtful images too.
MAX_EVIDENCE = 10


class Belief:
    """The evidence that a track is a hand.

    Attributes:
        needed: evidence that confirms a track; 0: every track is a hand.
        evidence: images that show the hand well, less those that do not.
        is_confirmed: whether the evidence was enough once.
    """

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.evidence = 0
        self.is_confirmed = needed == 0

    @property
    def is_refuted(self) -> bool:
        """Whether there is more evidence against a hand than for one."""
        least = 0 if self.is_confirmed else -1
        return self.needed > 0 and self.evidence < least

    @property
    def is_well_seen(self) -> bool:
        """Whether the evidence is enough now."""
        return self.evidence >= self.needed

    def see(self, presence: float, is_large: bool) -> None:
        """An image shows the track.

        Args:
            presence: of the hand in it, 0 to 1.
            is_large: whether a good look at it was possible.
        """
        if presence >= CLEAR_PRESENCE:
            self.evidence += CLEAR_WEIGHT
            if is_large:
                self.evidence = max(self.evidence, self.needed)
        elif presence >= GOOD_PRESENCE:
            self.evidence += 1
        elif presence < DOUBTFUL_PRESENCE:
            self.evidence -= DOUBT_WEIGHT
        elif not self.is_confirmed:
            self.evidence -= 1
        self.evidence = min(self.evidence, MAX_EVIDENCE)
        self.is_confirmed = self.is_confirmed or self.is_well_seen

    def miss(self) -> None:
        """An image does not show the track where it should be."""
        self.evidence = min(self.evidence, self.needed)
