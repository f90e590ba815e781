"""How hands are found and tracked."""

from __future__ import annotations

from dataclasses import dataclass

from hand_tracking_ros.tracking.tiles import AUTO


@dataclass(frozen=True)
class TrackerOptions:
    """How to track; names and defaults as MediaPipe's where the meaning is the same.

    Attributes:
        static_image_mode: treat every image by itself, without tracking.
        max_num_hands: never more hands than this.
        min_detection_confidence: smallest score of a palm, 0 to 1.
        min_presence_confidence: smallest presence of a hand in its region, 0 to 1.
        min_tracking_confidence: a detected hand whose region overlaps that of a tracked hand by
            more than this, 0 to 1, is that hand.
        image_mirrored: images are mirrored, as selfies are.
        detection_interval_s: time between two inferences of the palm detector once a hand is
            tracked, all parts of the image have been searched, and no hand was lost recently.
        detection_tiles: `auto`, `1x1` (the whole image only) or columns x rows: parts of the image
            that are searched one by one for hands too small in the whole. With `1x1` the image is
            shown to the detector only as MediaPipe shows it; otherwise also padded, for hands that
            fill it, and, where it is dark, flat or grey, in another light.
        detection_rotated: whether to search the image turned by 90, 180 and 270 degrees too.
        detection_budget_s: while no hand is tracked, as many looks are taken at an image as this
            machine can process in this time, but at least one.
        landmark_passes: passes of the landmark model for each hand: each further pass takes the
            region that the landmarks so far give. 0: two in static image mode, else one.
        confirmation_images: a hand that is small, or doubtful, is reported after this many images
            that show it well; a large clear one at once. 0: every hand at once.
        hold_time_s: how long a lost hand is reported with its last values: at most this, and at
            most a tenth of the time for which it was seen.
        image_timeout_s: after a longer time without an image, by the stamps, tracks begin anew: a
            hand where one was before may be another.
    """

    static_image_mode: bool = False
    max_num_hands: int = 2
    min_detection_confidence: float = 0.5
    min_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    image_mirrored: bool = False
    detection_interval_s: float = 0.2
    detection_tiles: str = AUTO
    detection_rotated: bool = False
    detection_budget_s: float = 0.01
    landmark_passes: int = 0
    confirmation_images: int = 3
    hold_time_s: float = 0.3
    image_timeout_s: float = 3.0

    @property
    def num_landmark_passes(self) -> int:
        """Passes of the landmark model for each hand, 1 or more."""
        return self.landmark_passes or (2 if self.static_image_mode else 1)
