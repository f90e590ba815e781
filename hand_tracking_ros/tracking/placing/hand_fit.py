"""Where a hand is in the camera's frame, in metres: one fitter for each hand that is tracked.

An image alone does not tell a small near hand from a large far one: the distance rests on the
hand's size. It is an average adult's until it is given, or measured in depth images. The bones'
lengths are an average hand's of that size: the networks' own say next to nothing of a person's
proportions (correlation with the true ones 0.1 to 0.2, over 70 rendered hands seen up to 12 times).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, Landmark, PoseSource
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.depth_sampling import sample_depths
from hand_tracking_ros.tracking.placing.hand_prior import (
    MIN_POINTS,
    estimate_shape,
    expected_links,
    facing_view,
    landmarks_from_links,
)
from hand_tracking_ros.tracking.placing.hand_proportions import (
    HAND_LENGTH_SIGMA,
    LINKS,
    MEAN_HAND_LENGTH_M,
)
from hand_tracking_ros.tracking.placing.joint_centres import drawn_landmarks, joint_centres
from hand_tracking_ros.tracking.placing.least_squares import (
    LOG_SIZE,
    TURN,
    WRIST,
    HandPrior,
    ObservedLandmarks,
    Placement,
    Solution,
    solve,
)
from hand_tracking_ros.tracking.rotations import IDENTITY_QUATERNION

# Error of a landmark over the hand's size in the image: the median distance from its middle.
IMAGE_SIGMA = 0.1
# Outside the image landmarks are the network's guesses.
OUTSIDE_IMAGE_SIGMA = 0.3
# How much hands differ: lengths of links, and their directions against the estimated shape.
LENGTH_SIGMA = np.full(len(LINKS), 0.1)
VECTOR_SIGMA = np.full(len(LINKS), 0.25)
TURN_SIGMA_RAD = np.radians(15.0)
# Error of the hand's axes that shows in no residual.
ORIENTATION_SIGMA_RAD = np.radians(8.0)
KNOWN_SIZE_SIGMA = 0.01
# One image with depth tells the size to this; the next ones repeat its error more than add to it.
SIZE_SIGMA_OF_AN_IMAGE = 0.1
LEARNED_SIZE_SIGMA = 0.02
# How wrong the distance may be, besides the size, before depth is sampled.
DISTANCE_SIGMA = 0.1
# The median distance in the image, rad: a hand 50 m away.
MIN_SIZE = 1e-3
# A fit is rejected if the median reprojection error is more than this part of that distance.
MAX_REPROJECTION_ERROR = 0.6
# A fit that is older is no better start than none.
MAX_START_AGE_S = 0.5
# Iterations that bring a hand near enough to be sampled in a depth image.
ROUGH_ITERATIONS = 2


@dataclass(frozen=True)
class _View:
    """What one image shows and suggests of a hand, in the frame of `facing_view`.

    Attributes:
        landmarks: joint centres.
        prior: the hand's shape and orientation.
        to_facing: (3, 3) into this frame from the camera's.
        palm_facing: as for `joint_centres`.
        size: median distance of the landmarks from their middle, at z = 1.
    """

    landmarks: ObservedLandmarks
    prior: HandPrior
    to_facing: np.ndarray
    palm_facing: float
    size: float


class HandFitter:
    """Places one hand, image after image.

    Args:
        hand_length_m: from the wrist along the stretched middle finger to its tip; None is an
            average adult's until a depth image tells better.
        image_mirrored: the images show the other side than `Hand.handedness` names.
        size_sigma: how much hands of unknown length differ from an average adult's, relative.

    Attributes:
        hand_length_m: as given or as learned so far.
        size_sigma: relative error of that.
    """

    def __init__(
        self,
        hand_length_m: float | None = None,
        image_mirrored: bool = False,
        size_sigma: float = HAND_LENGTH_SIGMA,
    ) -> None:
        self._image_mirrored = image_mirrored
        self._learns_size = hand_length_m is None
        self.hand_length_m = MEAN_HAND_LENGTH_M if hand_length_m is None else hand_length_m
        self.size_sigma = size_sigma if hand_length_m is None else KNOWN_SIZE_SIGMA
        self._last: Placement | None = None  # in the camera's frame
        self._last_stamp_s = -np.inf

    def fit(
        self, hand: Hand, camera: CameraModel, stamp_s: float, depth: DepthImage | None = None
    ) -> HandPose | None:
        """Place the hand of the next image in the camera's optical frame.

        Args:
            hand: of one image.
            camera: of that image, in its size.
            stamp_s: when the image was taken.
            depth: of the same moment.

        Returns:
            The pose, its landmarks at the joints' centres; with `PoseSource.DEPTH` if enough of
            the hand is in the depth image, else with `PoseSource.HAND_SIZE`. None if the landmarks
            fit no hand in front of the camera, or fewer than 6 lie where it is calibrated.
        """
        landmarks_px = hand.landmarks * np.array([camera.width, camera.height, camera.width], float)
        side = hand.shown_side(self._image_mirrored)
        view = self._view(landmarks_px, hand.world_landmarks.astype(np.float64), camera, side)
        if view is None:
            return None
        recent = 0 <= stamp_s - self._last_stamp_s < MAX_START_AGE_S
        start = _first_placement(view, self._last if recent else None)
        source = PoseSource.DEPTH
        solution = None if depth is None else self._solve_with_depth(view, start, depth)
        if solution is None:
            solution, source = solve(start, view.prior, view.landmarks), PoseSource.HAND_SIZE
        if solution is None or _reprojection_error(solution, view) > MAX_REPROJECTION_ERROR:
            return None
        pose = _pose(solution, view, side, camera, landmarks_px[:, :2], source)
        if pose is not None:
            self._last = replace(solution.placement, points=pose.camera_landmarks_m)
            self._last_stamp_s = stamp_s
            if source == PoseSource.DEPTH and self._learns_size:
                self._learn_size(solution)
        return pose

    def _view(
        self, landmarks_px: np.ndarray, world: np.ndarray, camera: CameraModel, side: Handedness
    ) -> _View | None:
        if not (np.isfinite(landmarks_px).all() and np.isfinite(world).all()):
            return None
        facing = facing_view(camera.rays(landmarks_px[:, :2]))
        if facing is None:
            return None
        image, to_facing = facing
        shape = estimate_shape(image, landmarks_px, world)
        palm_facing = float(hand_axes(shape, side)[2, 2])
        _, size = _middle_and_size(image[np.isfinite(image).all(axis=1)])
        if not np.isfinite(palm_facing) or size < MIN_SIZE:
            return None
        joints_px = joint_centres(landmarks_px[:, :2], palm_facing)
        inside = ((joints_px >= 0) & (joints_px <= [camera.width, camera.height])).all(axis=1)
        joints = joint_centres(image, palm_facing)
        known = np.isfinite(joints).all(axis=1)
        sigma = size * np.where(inside, IMAGE_SIGMA, OUTSIDE_IMAGE_SIGMA)
        links = self.hand_length_m * expected_links(joint_centres(shape, palm_facing), side)
        return _View(
            ObservedLandmarks(np.nan_to_num(joints), np.where(known, sigma, np.inf)),
            HandPrior(links, LENGTH_SIGMA, VECTOR_SIGMA, TURN_SIGMA_RAD, self.size_sigma),
            to_facing,
            palm_facing,
            size,
        )

    def _solve_with_depth(
        self, view: _View, start: Placement, depth: DepthImage
    ) -> Solution | None:
        """None if the depth image does not show the hand where it should be."""
        rough = solve(start, view.prior, view.landmarks, max_iterations=ROUGH_ITERATIONS)
        if rough is None:
            return None
        points = rough.placement.points
        max_log = 3 * np.hypot(self.size_sigma, DISTANCE_SIGMA)
        points_m = points @ view.to_facing
        sampled = sample_depths(depth, points_m, self.hand_length_m, view.palm_facing, max_log)
        if sampled is None:
            return None
        depths, log_scale = sampled
        start = replace(rough.placement, points=points * np.exp(log_scale))
        depths = replace(depths, rays=depths.rays @ view.to_facing.T)
        return solve(start, view.prior, view.landmarks, depths)

    def _learn_size(self, solution: Solution) -> None:
        """Kalman update of the size with what one image with depth adds to the prior."""
        prior = self.size_sigma**-2
        posterior = 1.0 / solution.covariance[LOG_SIZE, LOG_SIZE]
        if not posterior > prior:
            return
        measured = solution.placement.log_size * posterior / (posterior - prior)
        variance = 1.0 / (posterior - prior) + SIZE_SIGMA_OF_AN_IMAGE**2
        gain = self.size_sigma**2 / (self.size_sigma**2 + variance)
        self.hand_length_m *= float(np.exp(gain * measured))
        self.size_sigma = max(LEARNED_SIZE_SIGMA, self.size_sigma * float(np.sqrt(1 - gain)))


def _first_placement(view: _View, last: Placement | None) -> Placement:
    """The last image's hand, else the prior's, where it is as large as in this image."""
    if last is None:
        points = landmarks_from_links(view.prior.links)
        last = Placement(points, IDENTITY_QUATERNION, 0.0)
    else:
        points = last.points @ view.to_facing.T
    known = np.isfinite(view.landmarks.sigma)
    shape_middle, shape_size = _middle_and_size(points[known, :2])
    middle, size = _middle_and_size(view.landmarks.image[known])
    distance = shape_size / max(size, MIN_SIZE)
    shift = [*(middle * distance - shape_middle), distance - points[:, 2].mean()]
    return replace(last, points=points + shift)


def _middle_and_size(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Median (2,) of points (N, 2) and their median distance from it: outliers do not count."""
    half = len(points) // 2
    middle = np.sort(points, axis=0)[half]
    return middle, float(np.sort(np.linalg.norm(points - middle, axis=1))[half])


def _reprojection_error(solution: Solution, view: _View) -> float:
    """Median over the landmarks, as a part of the hand's size in the image."""
    points, known = solution.placement.points, np.isfinite(view.landmarks.sigma)
    errors = np.linalg.norm(points[:, :2] / points[:, 2:] - view.landmarks.image, axis=1)
    return float(np.median(errors[known])) / view.size


def _pose(
    solution: Solution,
    view: _View,
    side: Handedness,
    camera: CameraModel,
    landmarks_px: np.ndarray,
    source: PoseSource,
) -> HandPose | None:
    """The solution in the camera's frame; None if it has no axes or the camera cannot see it."""
    joints = solution.placement.points @ view.to_facing
    rotation = hand_axes(joints, side)
    drawn_px = drawn_landmarks(camera.project(joints), view.palm_facing)
    errors_px = np.linalg.norm(drawn_px - landmarks_px, axis=1)
    errors_px = errors_px[np.isfinite(errors_px)]
    if not np.isfinite(rotation).all() or len(errors_px) < MIN_POINTS:
        return None
    error_px = float(np.sqrt(np.mean(errors_px**2)))
    # Only an absurd calibration draws a hand that fits in its rays so far away in pixels.
    if not error_px < np.hypot(camera.width, camera.height):
        return None
    chosen = np.concatenate([WRIST, TURN])
    to_camera = np.zeros((6, 6))
    to_camera[:3, :3] = to_camera[3:, 3:] = view.to_facing.T
    covariance = to_camera @ solution.covariance[np.ix_(chosen, chosen)] @ to_camera.T
    covariance[3:, 3:] += np.eye(3) * ORIENTATION_SIGMA_RAD**2
    return HandPose(
        position_m=joints[Landmark.WRIST],
        rotation=rotation,
        camera_landmarks_m=joints,
        covariance=(covariance + covariance.T) / 2,
        reprojection_error_px=error_px,
        source=source,
    )
