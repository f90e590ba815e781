"""Takes the jitter out of hands before they are published; the tracker never sees the result.

Every quantity has its own One-Euro filter, which measures speeds in palm sizes of that hand: the
same options hold near and far, in pixels and in metres. A pose is filtered in four parts, so that
the result is a rigid frame again: the wrist's direction, its distance, the hand's orientation, and
its shape in its own frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hand_tracking_ros.tracking.hand import Hand, HandPose, PoseSource, TrackingState
from hand_tracking_ros.tracking.one_euro import OneEuroFilter, OneEuroOptions, OneEuroRotationFilter
from hand_tracking_ros.tracking.palm import palm_size
from hand_tracking_ros.tracking.rotations import rotation_to_z

SMOOTHING_METHODS = ('one_euro', 'none')

# A hand that was not reported for longer is a new one to the filters.
MAX_GAP_S = 0.5
# Without depth, the distance comes from the hand's size in the image. Its logarithm has half the
# noise of the hand's place in palm sizes (0.47 to 0.56 in the median; 38 still hands, 0.4 to 1.5 m
# away, simulated and real). The filter assumes half of that: no more jitter passes, and slow motion
# lags by less than half. With depth the distance has 1.2 to 2.6 times the noise of the place, both
# in palm sizes: by the same rule nothing changes there.
SIZE_NOISE = 0.25
# The rest of that noise is slow: the cutoff for a hand at rest is lower by this factor.
SIZE_CUTOFF_RATIO = 0.7
# Cosine of the angle from a view's axis up to which directions are measured in its plane: tan(75
# degrees) is 3.7 there, and at 90 infinite. Perspective cameras hardly see farther.
MIN_COSINE_TO_VIEW = 0.26
# A wrist in the lens counts as this far away, a palm without size as so large in the image.
MIN_DEPTH_M, MIN_UNIT = 1e-6, 1e-6
# Time constant with which the distance goes over to another source's when depth comes or goes.
GLIDE_S = 0.1


@dataclass(frozen=True)
class SmoothingOptions:
    """How to smooth.

    Attributes:
        method: `one_euro`, or `none` to leave everything as it is.
        one_euro: how much; speeds are in palm sizes (about 8 cm) per second, and in rad/s for the
            hand's rotation.

    Raises:
        ValueError: there is no such method.
    """

    method: str = 'one_euro'
    one_euro: OneEuroOptions = field(default_factory=OneEuroOptions)

    def __post_init__(self) -> None:
        if self.method not in SMOOTHING_METHODS:
            raise ValueError(
                f"smoothing is '{self.method}', expected one of {', '.join(SMOOTHING_METHODS)}"
            )


class HandSmoother:
    """Smooths the hands of one camera, image after image.

    Args:
        options: how to smooth; may be replaced between two images.
    """

    def __init__(self, options: SmoothingOptions | None = None) -> None:
        self.options = options or SmoothingOptions()
        self._tracks: dict[int, _SmoothedTrack] = {}

    def smooth(
        self, hands: Sequence[Hand], stamp_s: float, image_width: int, image_height: int
    ) -> list[Hand]:
        """The hands of the next image with smoothed landmarks, world landmarks and poses.

        A held hand keeps its last smoothed values. Smoothing begins anew with a hand that is new,
        that was held, whose side has changed, or that was last seen long ago or later than now.

        Args:
            hands: as `HandLocator` returns them.
            stamp_s: when the image was taken.
            image_width: px.
            image_height: px.

        Returns:
            The hands in the same order. Covariance and reprojection error stay those of the
            measured pose.
        """
        if self.options.method == 'none':
            self._tracks = {}
            return list(hands)
        image_scale = np.array([image_width, image_height, image_width], np.float64)
        last, self._tracks = self._tracks, {}
        smoothed = []
        for hand in hands:
            track = last.get(hand.track_id)
            if track is None or not track.continues(hand, stamp_s):
                track = _SmoothedTrack(stamp_s)
            self._tracks[hand.track_id] = track
            if hand.state == TrackingState.HELD:
                smoothed.append(track.hold(hand))
            else:
                smoothed.append(track.update(hand, stamp_s, image_scale, self.options.one_euro))
        return smoothed


class _SmoothedTrack:
    """The filters of one hand, from the image in which it appears until it is lost."""

    def __init__(self, stamp_s: float) -> None:
        self._stamp_s = stamp_s
        self._last: Hand | None = None
        self._in_image = OneEuroFilter()
        self._depth_in_image = OneEuroFilter()
        self._world = OneEuroFilter()
        self._pose = _PoseFilter()

    def continues(self, hand: Hand, stamp_s: float) -> bool:
        """Whether the next values of this hand continue the ones before."""
        if self._last is None:
            return False
        if hand.state == TrackingState.HELD:
            return stamp_s >= self._stamp_s
        return (
            0 <= stamp_s - self._stamp_s <= MAX_GAP_S
            and self._last.state == TrackingState.TRACKED
            and self._last.handedness == hand.handedness
        )

    def hold(self, hand: Hand) -> Hand:
        """A hand that was not seen, with the last smoothed values if there are any."""
        last = self._last or hand
        self._last = replace(
            hand, landmarks=last.landmarks, world_landmarks=last.world_landmarks, pose=last.pose
        )
        return self._last

    def update(
        self, hand: Hand, stamp_s: float, image_scale: np.ndarray, options: OneEuroOptions
    ) -> Hand:
        """A hand that was seen, smoothed; `image_scale` (3,) takes landmarks to pixels."""
        step_s, self._stamp_s = stamp_s - self._stamp_s, stamp_s
        px = hand.landmarks * image_scale
        unit_px = palm_size(px)
        in_image = self._in_image.filter(px[:, :2], step_s, unit_px, options)
        depth = self._depth_in_image.filter(px[:, 2:], step_s, unit_px, options)
        unit = palm_size(hand.world_landmarks)
        world = self._world.filter(hand.world_landmarks, step_s, unit, options)
        pose = hand.pose
        if pose is None or not _is_finite(pose):
            self._pose = _PoseFilter()
        else:
            pose = self._pose.filter(pose, step_s, options)
        self._last = replace(
            hand,
            landmarks=(np.hstack([in_image, depth]) / image_scale).astype(np.float32),
            world_landmarks=world.astype(np.float32),
            pose=pose,
        )
        return self._last


class _PoseFilter:
    """The filters of one hand's pose.

    The wrist's direction is where it crosses the plane at depth 1, in a view that has it in front:
    the camera's own, or for a hand far beside or behind the camera (fisheye) one that looked at it.
    """

    def __init__(self) -> None:
        self._view = np.eye(3)  # into it from the camera's frame
        self._direction = OneEuroFilter()
        self._distance = _DistanceFilter()
        self._rotation = OneEuroRotationFilter()
        self._shape = OneEuroFilter()

    def filter(self, pose: HandPose, step_s: float, options: OneEuroOptions) -> HandPose:
        """The next smoothed pose."""
        wrist_m = self._in_view(pose.position_m)
        depth_m = max(wrist_m[2], MIN_DEPTH_M)
        unit_m = palm_size(pose.camera_landmarks_m)
        # In direction and logarithm of depth, one palm size is the same change anywhere.
        unit = max(unit_m / depth_m, MIN_UNIT)
        x, y = self._direction.filter(wrist_m[None, :2] / depth_m, step_s, unit, options)[0]
        log_depth = self._distance.filter(np.log(depth_m), pose.source, step_s, unit, options)
        rotation = self._rotation.filter(pose.rotation, step_s, options)
        shape_m = self._shape.filter(
            (pose.camera_landmarks_m - pose.position_m) @ pose.rotation, step_s, unit_m, options
        )
        position_m = np.array([x, y, 1.0]) * np.exp(log_depth) @ self._view
        return replace(
            pose,
            position_m=position_m,
            rotation=rotation,
            camera_landmarks_m=position_m + shape_m @ rotation.T,
        )

    def _in_view(self, wrist_m: np.ndarray) -> np.ndarray:
        """The wrist (3,) in the view; direction and depth begin anew where that is another one."""
        distance_m = float(np.linalg.norm(wrist_m))
        if (self._view @ wrist_m)[2] < MIN_COSINE_TO_VIEW * distance_m:
            is_in_front = wrist_m[2] >= MIN_COSINE_TO_VIEW * distance_m
            self._view = np.eye(3) if is_in_front else rotation_to_z(wrist_m / distance_m)
            self._direction, self._distance = OneEuroFilter(), _DistanceFilter()
        return self._view @ wrist_m


class _DistanceFilter:
    """The filter of one hand's distance.

    Hand size and depth may disagree by centimetres, and depth may come and go with every image.
    Each change begins a new filter, whose offset from the last reported distance decays: the
    distance does not jump, and motion goes on without lag.
    """

    def __init__(self) -> None:
        self._filter = OneEuroFilter()
        self._source: PoseSource | None = None
        self._reported = 0.0
        self._offset = 0.0

    def filter(
        self,
        log_depth: float,
        source: PoseSource,
        step_s: float,
        unit: float,
        options: OneEuroOptions,
    ) -> float:
        """The next smoothed logarithm of depth; `unit` is the palm's size in it."""
        if source != PoseSource.DEPTH:
            options = replace(
                options,
                noise_speed=options.noise_speed * SIZE_NOISE / unit,
                min_cutoff_hz=options.min_cutoff_hz * SIZE_CUTOFF_RATIO,
            )
        is_first, is_other = self._source is None, source != self._source
        if is_other:
            self._filter, self._source = OneEuroFilter(), source
        smooth = self._filter.filter(np.array([[log_depth]]), step_s, unit, options).item()
        if is_other and not is_first:
            self._offset = self._reported - smooth
        self._offset *= np.exp(-step_s / GLIDE_S)
        self._reported = smooth + self._offset
        return self._reported


def _is_finite(pose: HandPose) -> bool:
    return all(
        np.isfinite(values).all()
        for values in (pose.position_m, pose.rotation, pose.camera_landmarks_m)
    )
