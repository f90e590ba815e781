"""Which of the hands that the looks at a still image found are reported.

A video has the next images to tell hands from ears and paws. A still image is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hand_tracking_ros.tracking.candidate import Candidate
from hand_tracking_ros.tracking.duplicates import is_same_hand, overlaps_same_side, takes_in
from hand_tracking_ros.tracking.hand import PALM_TRIANGLE
from hand_tracking_ros.tracking.look import Look
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.region import overlap
from hand_tracking_ros.tracking.rendition import Rendition
from hand_tracking_ros.tracking.tracker_options import TrackerOptions

# Of 137 pictures none shows something else than a hand that is as surely taken for one.
CERTAIN_PRESENCE = 0.95
# Less presence than this is not worth another look.
MIN_FIRST_PRESENCE = 0.35
# The area of the triangle of wrist and knuckles, in squares of its longest side. A line shows no
# hand's shape: of 300 hands 3 had less, and all of them were certain.
MIN_PALM_AREA = 0.012

# Close-ups show so many sides of a hand's region: of a hand that only a part of the image shows,
# and of one whose palm was faint. In one of them the palm detector finds the palm again with this
# score, where its region overlaps the hand's by this. Of 11 hands in doubt in tiles all were found
# again, of 7 ears, paws and faces one; of 82 pictures without hands, each grey, dark and blurred, 6
# show one, without close-ups of faint palms 11.
PART_CLOSE_UPS, FAINT_CLOSE_UPS = (1.5,), (1.75, 2.0)
CLOSE_UP_CONFIDENCE = 0.15
CLOSE_UP_OVERLAP = 0.4

Found = tuple[Candidate, HandLandmarks]


def surest_hands(
    models: HandModels,
    image: np.ndarray,
    found: Sequence[Found],
    options: TrackerOptions,
    rendition: Rendition,
) -> list[Found]:
    """The hands that are believed, each once: large and sure ones first, `max_num_hands` at most.

    Args:
        models: look again at what is in doubt, if options allow more than one pass.
        image: (H, W, 3) uint8 RGB.
        found: what the landmark model made of each look's palms, whatever their presence; some of
            one hand.
        options: how to track.
        rendition: the light that suits the image.
    """
    looks_again = options.num_landmark_passes > 1
    hands = _best_of_each(
        [
            (candidate, hand)
            for candidate, hand in found
            if hand.presence > _min_first_presence(candidate, looks_again)
        ],
        options.min_tracking_confidence,
    )
    if looks_again:
        hands = _believed(models, image, hands, rendition)
    hands.sort(key=lambda each: -each[1].presence * each[1].palm_extent_px)
    return hands[: options.max_num_hands]


def _min_first_presence(candidate: Candidate, looks_again: bool) -> float:
    """The presence with which a hand is looked at again, or reported at once."""
    needed = candidate.min_presence
    return min(MIN_FIRST_PRESENCE, needed) if looks_again else needed


def _best_of_each(found: Sequence[Found], max_overlap: float) -> list[Found]:
    """Each hand as the surest look shows it; the first of those that are equally sure."""
    best: list[Found] = []
    for candidate, hand in sorted(found, key=lambda each: -round(each[1].presence, 1)):
        if not any(
            is_same_hand(hand, other)
            or takes_in(hand, other)
            or overlaps_same_side(hand, other, max_overlap)
            for _, other in best
        ):
            best.append((candidate, hand))
    return best


def _believed(
    models: HandModels, image: np.ndarray, hands: Sequence[Found], rendition: Rendition
) -> list[Found]:
    """Those that are certain, and those in doubt that convince when they are looked at again.

    Three presences tell hands from ears, paws and clothes better than one: on 137 pictures that no
    one took for a hand tracker the precision at a recall of 83 % is 98 %, with one 91 %. Neither
    the landmarks' agreement nor the bones' proportions add to that. What the whole image shows has
    to convince on average, what only a part of it shows every time. Where the palm was faint, or a
    part showed it, the palm detector has to find it again.
    """
    doubtful = [hand for _, hand in hands if hand.presence < CERTAIN_PRESENCE]
    twice = [hand.next_region for hand in doubtful for _ in ('plain', 'mirrored')]
    mirrored = [False, True] * len(doubtful)
    again = iter(models.landmark_model.estimate(image, twice, mirrored, rendition))
    believed: list[Found] = []
    for candidate, hand in hands:
        if hand.presence < CERTAIN_PRESENCE:
            presences = [hand.presence, next(again).presence, next(again).presence]
            presence = min(presences) if candidate.from_part else float(np.mean(presences))
            if presence <= candidate.min_presence or _palm_area(hand) < MIN_PALM_AREA:
                continue
            sizes = PART_CLOSE_UPS if candidate.from_part else FAINT_CLOSE_UPS
            is_doubted = candidate.from_part or candidate.is_faint
            if is_doubted and not _is_found_again(models, image, hand, sizes, rendition):
                continue
            hand = replace(hand, presence=presence)
        believed.append((candidate, hand))
    return believed


def _is_found_again(
    models: HandModels,
    image: np.ndarray,
    hand: HandLandmarks,
    sizes: Sequence[float],
    rendition: Rendition,
) -> bool:
    """Whether the palm detector finds the palm in a close-up of one of these sizes."""
    region = hand.next_region
    looks = [
        Look(replace(region, size_px=size * region.size_px, rotation_rad=0.0), rendition=rendition)
        for size in sizes
    ]
    found = models.palm_detector.detect(image, looks, [CLOSE_UP_CONFIDENCE] * len(looks))
    return any(
        overlap(palm.hand_region, region) > CLOSE_UP_OVERLAP for palms in found for palm in palms
    )


def _palm_area(hand: HandLandmarks) -> float:
    """Area of the palm's triangle in squares of its longest side."""
    wrist, index, pinky = hand.landmarks_px[PALM_TRIANGLE, :2]
    (ax, ay), (bx, by) = index - wrist, pinky - wrist
    return float(abs(ax * by - ay * bx) / 2 / max(hand.palm_extent_px, 1e-6) ** 2)
