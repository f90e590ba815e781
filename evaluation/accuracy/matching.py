"""Which tracked hand shows which true one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from hand_tracking_ros.simulation.ground_truth import HandTruth
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.tracking.hand import Hand, TrackingState
from hand_tracking_ros.tracking.palm import palm_size

# A hand is where a true one is if the median landmark is nearer than this many palm sizes.
MAX_DISTANCE_PALMS = 0.6


def match(
    hands: Sequence[Hand], truths: Sequence[HandTruth], camera: PinholeCamera
) -> dict[int, int]:
    """Index of each true hand that is tracked, to the index of the hand that shows it.

    As many as possible, and of those the assignment of least cost. Where one true hand covers
    another, what was seen is the one in front: distances count the more, the less of a hand the
    image shows.
    """
    distances = {
        (truth, index): distance
        for index, hand in enumerate(hands)
        if hand.state == TrackingState.TRACKED
        for truth, distance in enumerate(distances_palms(hand, truths, camera))
        if distance < MAX_DISTANCE_PALMS
    }
    visible_shares = [max(truth.landmarks_visible.mean(), 0.01) for truth in truths]

    def cost(assignment: dict[int, int]) -> tuple[int, float]:
        weighted = (distances[pair] / visible_shares[pair[0]] for pair in assignment.items())
        return -len(assignment), sum(weighted)

    choices = [
        [None, *(index for truth, index in distances if truth == number)]
        for number in range(len(truths))
    ]
    assignments = [
        {truth: index for truth, index in enumerate(indices) if index is not None}
        for indices in itertools.product(*choices)
    ]
    unique = [each for each in assignments if len(set(each.values())) == len(each)]
    return min(unique, key=cost)


def distances_palms(hand: Hand, truths: Sequence[HandTruth], camera: PinholeCamera) -> list[float]:
    """Median distance of the landmarks in the image, in each true hand's palm sizes.

    The palm is measured in space, as one seen from the edge has no size in the image.
    """
    size = np.array([camera.width, camera.height])
    distances = []
    for truth in truths:
        points = truth.camera_landmarks_m
        palm_px = palm_size(points) * camera.focal_length_px / np.median(points[:, 2])
        apart_px = (hand.landmarks[:, :2] - truth.landmarks[:, :2]) * size
        distances.append(float(np.nanmedian(np.linalg.norm(apart_px, axis=1)) / palm_px))
    return distances
