"""What simulated hands do: where they are and how they are bent, as functions of time.

Every motion is a right hand's; `mirrored` gives the left hand's. The person stands before the
camera and, unless a scene says otherwise, shows the palm, fingers up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from hand_tracking_ros.simulation.array_math import smoothstep
from hand_tracking_ros.simulation.hand_skeleton import (
    JOINT_NAMES,
    LONG_FINGERS,
    complete_angles,
    rotation_about,
)

# Columns are the hand's axes in the camera's frame: fingers up, palm to the camera.
PALM_TO_CAMERA = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
_APPROACH_M = (0.3, 2.0)
# So that the camera sees thumb and index finger side by side.
_PINCH_ROTATION = rotation_about('x', np.radians(-25.0))


def _hand_pose(
    bends_deg: Mapping[str, tuple[float, float, float]],
    spread_deg: tuple[float, float, float, float],
    thumb_deg: tuple[float, float, float, float, float],
) -> dict[str, float]:
    """Angles from three bends of each finger ('all' for those not named), spread and thumb."""
    degrees = dict(zip(JOINT_NAMES, thumb_deg, strict=False))  # the thumb's joints come first
    for finger, spread in zip(LONG_FINGERS, spread_deg, strict=True):
        mcp, pip, dip = bends_deg.get(finger, bends_deg['all'])
        degrees[f'{finger}_mcp_flexion'] = mcp
        degrees[f'{finger}_pip_flexion'] = pip
        degrees[f'{finger}_dip_flexion'] = dip
        degrees[f'{finger}_mcp_abduction'] = spread
    return complete_angles({name: np.radians(angle) for name, angle in degrees.items()})


OPEN = _hand_pose({'all': (4, 7, 5)}, (9, 1, 7, 15), (46, 16, 50, 6, 4))
RELAXED = _hand_pose(
    {'all': (18, 26, 14), 'index': (12, 20, 10), 'pinky': (20, 28, 14)}, (5, 1, 3, 7),
    (38, 24, 60, 14, 12),
)  # fmt: skip
FIST = _hand_pose({'all': (78, 98, 55)}, (1, 0, 1, 3), (24, 34, 85, 35, 45))
PINCH = _hand_pose({'all': (22, 28, 15), 'index': (51, 48, 18)}, (-6, 0, 3, 8), (20, 41, 89, 18, 9))


@dataclass(frozen=True)
class HandMotion:
    """A hand at one moment.

    Attributes:
        center_m: (3,) half-way from the wrist to the tip of a straight middle finger, in the
            camera's optical frame.
        rotation: (3, 3) columns are the hand frame's axes (rep103).
        angles_rad: every joint's angle.
    """

    center_m: np.ndarray
    rotation: np.ndarray
    angles_rad: Mapping[str, float]


@dataclass(frozen=True)
class Board:
    """A flat thing that faces the camera, in its optical frame."""

    center_m: np.ndarray
    width_m: float
    height_m: float


@dataclass(frozen=True)
class Moment:
    """All that moves, at one time; hands in the order of the scene."""

    hands: list[HandMotion]
    boards: list[Board] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """What differs from one take of a scene to the next.

    Attributes:
        distance_m: of the hand.
        offset_m: (2,) of the hand from the middle of the image.
        tilt: (3, 3) rotation of the hand in the camera's frame.
        phase_rad: where periodic motions begin.
    """

    distance_m: float
    offset_m: np.ndarray
    tilt: np.ndarray
    phase_rad: float

    @property
    def base_m(self) -> np.ndarray:
        """(3,) where the hand is when it does not move."""
        return np.array([*self.offset_m, self.distance_m])

    @property
    def rotation(self) -> np.ndarray:
        """(3, 3) of the hand when it shows its palm."""
        return self.tilt @ PALM_TO_CAMERA


@dataclass(frozen=True)
class Scene:
    """A motion and its stage.

    Attributes:
        move: time in seconds and setting to what moves.
        description: one line for users.
        num_hands: 1, or 2 for one of each side.
        distance_m: range of the hand's distance.
        farthest_m: how far the hand goes if it does not keep its distance.
    """

    move: Callable[[float, Setting], Moment]
    description: str
    num_hands: int = 1
    distance_m: tuple[float, float] = (0.40, 0.70)
    farthest_m: float = 0.0


def random_setting(rng: np.random.Generator, scene: Scene) -> Setting:
    """One take of a scene."""
    distance_m = rng.uniform(*scene.distance_m)
    pitch, yaw, roll = np.radians(rng.uniform(-1, 1, 3) * [12.0, 15.0, 12.0])
    return Setting(
        distance_m=distance_m,
        offset_m=rng.uniform(-0.08, 0.08, 2) * distance_m,
        tilt=rotation_about('x', pitch) @ rotation_about('y', yaw) @ rotation_about('z', roll),
        phase_rad=rng.uniform(0.0, 2 * np.pi),
    )


def mirrored(motion: HandMotion) -> HandMotion:
    """The left hand's motion that is the mirror image, across the image's middle, of a right's."""
    # The camera's x and, to keep the axes right-handed, the hand's y change sign.
    rotation = motion.rotation * np.outer([-1.0, 1.0, 1.0], [1.0, -1.0, 1.0])
    return HandMotion(motion.center_m * [-1.0, 1.0, 1.0], rotation, motion.angles_rad)


def interpolate(
    first: Mapping[str, float], second: Mapping[str, float], share: float
) -> dict[str, float]:
    """Angles between two poses, 0 the first and 1 the second."""
    return {name: angle + share * (second[name] - angle) for name, angle in first.items()}


def _swing(t_s: float, period_s: float, setting: Setting) -> float:
    """A sine from -1 to 1."""
    return float(np.sin(2 * np.pi * t_s / period_s + setting.phase_rad))


def _ramp(t_s: float, period_s: float, setting: Setting) -> float:
    """From 0 to 1 and back, at rest at both ends for a while."""
    return float(np.clip(0.5 + 0.65 * _swing(t_s, period_s, setting), 0.0, 1.0))


def _keyed(t_s: float, *keys: tuple[float, float | tuple[float, ...]]) -> np.ndarray:
    """A value between those of the keys (time, value) around a time; it rests at every key."""
    times, values = zip(*keys, strict=True)
    after = int(np.clip(np.searchsorted(times, t_s, side='right'), 1, len(times) - 1))
    first, second = np.asarray(values[after - 1]), np.asarray(values[after])
    return first + smoothstep(t_s, times[after - 1], times[after]) * (second - first)


def _still(t_s: float, setting: Setting) -> Moment:
    angles = interpolate(OPEN, RELAXED, 0.5 + 0.5 * np.sin(setting.phase_rad))
    return Moment([HandMotion(setting.base_m, setting.rotation, angles)])


def _wave(t_s: float, setting: Setting) -> Moment:
    # About the elbow, which stays.
    to_elbow = np.array([0.0, 0.34, 0.0])
    swing = rotation_about('z', np.radians(18.0) * _swing(t_s, 0.7, setting))
    center = setting.base_m + to_elbow - swing @ to_elbow
    return Moment([HandMotion(center, swing @ setting.rotation, OPEN)])


def _open_close(t_s: float, setting: Setting) -> Moment:
    angles = interpolate(OPEN, FIST, _ramp(t_s, 2.5, setting))
    return Moment([HandMotion(setting.base_m, setting.rotation, angles)])


def _pinch(t_s: float, setting: Setting) -> Moment:
    angles = interpolate(RELAXED, PINCH, _ramp(t_s, 2.0, setting))
    return Moment([HandMotion(setting.base_m, setting.rotation @ _PINCH_ROTATION, angles)])


def _turn(t_s: float, setting: Setting) -> Moment:
    turn = rotation_about('x', -np.radians(180.0) * _ramp(t_s, 6.0, setting))
    angles = interpolate(OPEN, RELAXED, 0.4)
    return Moment([HandMotion(setting.base_m, setting.rotation @ turn, angles)])


def _approach(t_s: float, setting: Setting) -> Moment:
    # Even steps of the logarithm: the size in the image changes as fast near as far.
    share = 0.5 + 0.5 * _swing(t_s, 8.0, setting)
    distance_m = _APPROACH_M[0] * (_APPROACH_M[1] / _APPROACH_M[0]) ** share
    center = np.array([*(0.3 * setting.offset_m * distance_m / setting.distance_m), distance_m])
    return Moment([HandMotion(center, setting.rotation, OPEN)])


def _crossing(t_s: float, setting: Setting) -> Moment:
    aside = [0.20 * np.cos(2 * np.pi * t_s / 5.0 + setting.phase_rad), 0.0, 0.0]
    deeper = np.array([0.0, 0.0, 0.05])
    rotation = setting.tilt @ rotation_about('z', np.radians(8.0)) @ PALM_TO_CAMERA
    angles = interpolate(OPEN, RELAXED, 0.3)
    right = HandMotion(setting.base_m - aside + deeper, rotation, angles)
    # `mirrored` changes the sign of its x.
    left = HandMotion(setting.base_m * [-1, 1, 1] - aside - deeper, rotation, angles)
    return Moment([right, mirrored(left)])


def _leave_and_return(t_s: float, setting: Setting) -> Moment:
    # Out of a field of view of up to 90 degrees.
    away = np.clip(2.2 * _swing(t_s, 5.0, setting) - 1.0, 0.0, None)
    center = setting.base_m - np.array([1.1 * away * setting.distance_m, 0.0, 0.0])
    return Moment([HandMotion(center, setting.rotation, OPEN)])


def _occlusion(t_s: float, setting: Setting) -> Moment:
    hand = HandMotion(setting.base_m, setting.rotation, OPEN)
    aside_m = 0.7 * setting.distance_m * _swing(t_s, 5.0, setting)
    board = Board(setting.base_m + np.array([aside_m, 0.0, -0.10]), 0.14, 0.70)
    return Moment([hand], [board])


def _teleop(t_s: float, setting: Setting) -> Moment:
    t_s %= 13.0
    closed = _keyed(
        t_s, (0.7, 0.0), (1.1, 1.0), (5.4, 1.0), (5.8, 0.0), (6.6, 0.0), (7.0, 1.0), (11.5, 1.0),
        (11.9, 0.0),
    )  # fmt: skip
    start, aside, deeper = (0.0, 0.0, 0.0), (-0.12, -0.03, 0.0), (-0.12, -0.03, 0.08)
    # To its own side, where its arm is not in the way; out of a field of view of over 90 degrees.
    outside = (-1.3 * setting.distance_m, 0.0, 0.0)
    moved_m = _keyed(
        t_s, (1.7, start), (2.7, aside), (3.5, aside), (4.3, deeper), (5.8, deeper), (6.4, start),
        (7.6, start), (9.4, outside), (10.0, outside), (11.2, start),
    )  # fmt: skip
    angles = interpolate(RELAXED, PINCH, float(closed))
    rotation = setting.rotation @ _PINCH_ROTATION
    return Moment([HandMotion(setting.base_m + moved_m, rotation, angles)])


SCENES: dict[str, Scene] = {
    'still': Scene(_still, 'an open hand that does not move'),
    'wave': Scene(_wave, 'a hand that waves quickly'),
    'open_close': Scene(_open_close, 'a hand that opens and makes a fist'),
    'pinch': Scene(_pinch, 'thumb and index finger that meet and part'),
    'turn': Scene(_turn, 'a hand that shows palm, edge and back'),
    'approach': Scene(
        _approach, 'a hand that comes from 2 m to 0.3 m and goes', farthest_m=_APPROACH_M[1]
    ),
    'crossing': Scene(_crossing, 'a left and a right hand that cross', 2, (0.55, 0.80)),
    'leave_and_return': Scene(_leave_and_return, 'a hand that leaves the image and returns'),
    'far': Scene(_wave, 'somebody who waves from 3 m', 1, (2.9, 3.1)),
    'occlusion': Scene(_occlusion, 'a board that passes before a hand'),
    'teleop': Scene(
        _teleop,
        'a hand that pinches, moves and opens, then leaves the image while pinching and returns',
        distance_m=(0.50, 0.65),
    ),
}
