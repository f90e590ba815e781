"""How long the two networks took for an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Time that one image cost.

    Attributes:
        detection_s: the palm detector, with its input's preparation; None: it was not due.
        landmarks_s: the landmark model, likewise, all passes; None: there was no candidate.
    """

    detection_s: float | None = None
    landmarks_s: float | None = None
