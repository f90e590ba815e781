"""Smoothing of hands: still when they are still, in time when they move, never across a loss."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hand_tracking_ros.tracking import Handedness, HandModels, HandTracker, TrackingState
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import Hand, HandPose, PoseSource
from hand_tracking_ros.tracking.one_euro import OneEuroOptions
from hand_tracking_ros.tracking.palm import palm_size
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.region import Region
from hand_tracking_ros.tracking.rotations import matrix_from_rotation_vector, rotation_vector
from hand_tracking_ros.tracking.smoothing import HandSmoother, SmoothingOptions
from support.synthetic_hand import hand_points
from support.test_data import need

WIDTH, HEIGHT = 1280, 720
FOCAL_PX = 900.0
FRAME_S = 1 / 30
HELD, TRACKED = TrackingState.HELD, TrackingState.TRACKED
# Palm out towards the camera, fingers up.
UPRIGHT = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])

# Measured with the real tracker on a still hand 0.55 m away, grey-level noise of 6 of 255: the
# tracker's noise is white. In palm sizes where nothing else is said.
NOISE = {
    'image': 0.003,
    'image depth': 0.007,
    'world': 0.004,
    'rotation_rad': 0.012,
    'shape': 0.005,
    'relative distance': 0.005,
}
STILL_RATIO = 5.0
MAX_LAG_S = 1 / 30


class NoisyHand:
    """What the tracker says of a hand of known motion."""

    def __init__(self, noise=1.0, seed=0):
        self._rng = np.random.default_rng(seed)
        self._noise = {name: noise * sigma for name, sigma in NOISE.items()}
        self._shape = hand_points((0.3, 0.2, 0.3, 0.4, 0.5))

    def __call__(
        self,
        position_m=(0.05, 0.02, 0.55),
        rotation=UPRIGHT,
        source=PoseSource.HAND_SIZE,
        **fields,
    ) -> Hand:
        palm_m = palm_size(self._shape)
        shape = self._shape + self._normal('shape', palm_m, (21, 3))
        shape -= shape[0]
        turn = matrix_from_rotation_vector(self._normal('rotation_rad', 1.0, 3))
        rotation = turn @ rotation
        position_m = np.asarray(position_m) * np.exp(self._normal('relative distance', 1.0, ()))
        points_m = position_m + shape @ rotation.T
        palm_px = palm_m * FOCAL_PX / position_m[2]
        px = FOCAL_PX * points_m / points_m[:, 2:] + [WIDTH / 2, HEIGHT / 2, 0.0]
        px[:, 2] = FOCAL_PX * (points_m[:, 2] / position_m[2] - 1)
        px[:, :2] += self._normal('image', palm_px, (21, 2))
        px[:, 2] += self._normal('image depth', palm_px, 21)
        world = points_m - points_m.mean(axis=0) + self._normal('world', palm_m, (21, 3))
        values = {
            'track_id': 1,
            'handedness': Handedness.RIGHT,
            'handedness_score': 0.9,
            'state': TRACKED,
            'presence': 0.9,
            'age_s': 1.0,
            'landmarks': (px / [WIDTH, HEIGHT, WIDTH]).astype(np.float32),
            'world_landmarks': world.astype(np.float32),
            'region': Region(1.0, 2.0, 3.0, 0.0),
            'pose': HandPose(position_m, rotation, points_m, np.eye(6), 1.0, source),
        }
        return Hand(**{**values, **fields})

    def _normal(self, name, unit, shape):
        return self._rng.normal(scale=self._noise[name] * unit, size=shape)


def smooth(hands, step_s=FRAME_S, smoother=None):
    """Each hand smoothed, as the only one in an image of its own."""
    smoother = smoother or HandSmoother()
    return [
        smoother.smooth([hand], number * step_s, WIDTH, HEIGHT)[0]
        for number, hand in enumerate(hands)
    ]


QUANTITIES = {
    'image': lambda hand: hand.landmarks[:, :2],
    'image depth': lambda hand: hand.landmarks[:, 2],
    'world': lambda hand: hand.world_landmarks,
    'position': lambda hand: hand.pose.position_m,
    'distance': lambda hand: hand.pose.position_m[2],
    'camera landmarks': lambda hand: hand.pose.camera_landmarks_m,
    'rotation': lambda hand: rotation_vector(UPRIGHT.T @ hand.pose.rotation),
}


def spread(hands, name):
    """Standard deviation of a quantity over time, root mean square over its coordinates."""
    values = np.array([QUANTITIES[name](hand) for hand in hands])
    return np.sqrt(values.var(axis=0).mean())


def lag_s(raw, smoothed):
    """By how much a smoothed signal has to be brought forward to lie on the raw one best."""
    times = np.arange(len(raw)) * FRAME_S
    inside = (times > 1.0) & (times < times[-1] - 0.2)
    lags = np.arange(-0.02, 0.15, 0.0005)
    misses = [np.var(np.interp(times - lag, times, raw)[inside] - smoothed[inside]) for lag in lags]
    return lags[int(np.argmin(misses))]


@pytest.mark.parametrize('name', QUANTITIES)
def test_a_still_hand_jitters_at_least_five_times_less(name):
    noisy = NoisyHand()
    raw = [noisy() for _ in range(400)]
    smoothed = smooth(raw)
    settled = slice(30, None)
    assert spread(raw[settled], name) > STILL_RATIO * spread(smoothed[settled], name)


@pytest.mark.parametrize('distance_m', [0.3, 0.6, 1.2])
@pytest.mark.parametrize('axis', [0, 1, 2], ids=['across', 'up', 'along the view'])
def test_a_fast_wave_is_late_by_less_than_a_frame(axis, distance_m):
    noisy = NoisyHand()
    positions = np.tile([0.0, 0.0, distance_m], (240, 1))
    positions[:, axis] += 0.1 * np.sin(2 * np.pi * 1.5 * FRAME_S * np.arange(240))
    raw = [noisy(position) for position in positions]
    smoothed = smooth(raw)

    def lag_of(value):
        return lag_s(*(np.array([value(hand) for hand in hands]) for hands in (raw, smoothed)))

    assert lag_of(lambda hand: hand.pose.position_m[axis]) < MAX_LAG_S
    if axis < 2:
        assert lag_of(lambda hand: hand.landmarks[8, axis]) < MAX_LAG_S


def test_a_fast_turn_and_a_fast_grasp_are_late_by_less_than_a_frame():
    noisy, raw = NoisyHand(), []
    for angle in 0.8 * np.sin(2 * np.pi * 1.5 * FRAME_S * np.arange(240)):
        turn = matrix_from_rotation_vector(np.array([0.0, angle, 0.0]))
        noisy._shape = hand_points((0.2, *[0.8 + angle] * 4))
        raw.append(noisy(rotation=turn @ UPRIGHT))
    smoothed = smooth(raw)
    for value in (
        lambda hand: rotation_vector(hand.pose.rotation @ UPRIGHT.T)[1],
        lambda hand: np.linalg.norm(hand.world_landmarks[12] - hand.world_landmarks[0]),
    ):
        values = [np.array([value(hand) for hand in hands]) for hands in (raw, smoothed)]
        assert lag_s(*values) < MAX_LAG_S


def smoothed_distances_m(raw):
    return np.array([hand.pose.position_m[2] for hand in smooth(raw)])


def lag_along_the_view_m(source, speed_m_s, noise=1.0):
    """How far a hand that comes or goes is behind in the fourth second, the first being at rest."""
    noisy = NoisyHand(noise)
    raw = [
        noisy((0.0, 0.0, 0.55 + speed_m_s * max(0.0, number * FRAME_S - 1.0)), source=source)
        for number in range(120)
    ]
    measured_m = np.array([hand.pose.position_m[2] for hand in raw])
    return abs((smoothed_distances_m(raw) - measured_m)[-30:].mean())


@pytest.mark.parametrize('speed_m_s', [-0.05, 0.05])
@pytest.mark.parametrize('source', [PoseSource.HAND_SIZE, PoseSource.DEPTH])
def test_a_hand_that_slowly_comes_or_goes_is_followed(source, speed_m_s):
    assert lag_along_the_view_m(source, speed_m_s) < 0.008


def test_the_distance_by_hand_size_has_the_lower_cutoff():
    """By SIZE_CUTOFF_RATIO, 0.7: what is left of a step decays that much slower, near enough."""
    at_rest = OneEuroOptions(min_cutoff_hz=1.0, cutoff_per_speed=0.0, noise_speed=0.0)
    noisy, left = NoisyHand(noise=0.0), []
    for source in (PoseSource.HAND_SIZE, PoseSource.DEPTH):
        raw = [noisy((0.0, 0.0, z), source=source) for z in [0.6] * 5 + [0.61] * 15]
        smoothed = smooth(raw, smoother=HandSmoother(SmoothingOptions(one_euro=at_rest)))
        left.append(np.log((0.61 - smoothed[-1].pose.position_m[2]) / 0.01))
    assert left[0] / left[1] == pytest.approx(0.7, abs=0.05)


def test_depth_is_followed_closer_than_hand_size():
    by_size, by_depth = (
        lag_along_the_view_m(source, 0.02, noise=0.0)
        for source in (PoseSource.HAND_SIZE, PoseSource.DEPTH)
    )
    assert by_depth < 0.7 * by_size


@pytest.mark.parametrize('gap_m', [-0.06, -0.005, 0.005, 0.06])
@pytest.mark.parametrize('first', [PoseSource.HAND_SIZE, PoseSource.DEPTH])
def test_when_depth_comes_or_goes_the_distance_glides_to_what_is_measured(first, gap_m):
    noisy, second = NoisyHand(noise=0.0), PoseSource(3 - first)
    raw = [noisy((0.0, 0.0, 0.6), source=first)] * 30
    raw += [noisy((0.0, 0.0, 0.6 + gap_m), source=second)] * 30
    gone = (smoothed_distances_m(raw)[29:] - 0.6) / gap_m  # 0 before, 1 when it has arrived
    assert (np.diff(gone) >= -1e-9).all()  # no ringing
    assert gone.max() < 1 + 1e-9  # no overshoot
    assert np.diff(gone).max() < 0.35  # no jump
    assert gone[round(0.35 / FRAME_S)] > 0.95  # no lag


def test_motion_goes_on_without_lag_when_depth_comes():
    noisy = NoisyHand(noise=0.0)
    distances_m = 0.5 + 0.2 * FRAME_S * np.arange(60)
    sources = [PoseSource.HAND_SIZE] * 30 + [PoseSource.DEPTH] * 30
    raw = [noisy((0.0, 0.0, z), source=s) for z, s in zip(distances_m, sources, strict=True)]
    assert np.abs(smoothed_distances_m(raw) - distances_m)[30:].max() < 0.008


def test_depth_that_comes_with_every_other_image_does_not_shake_the_distance():
    noisy = NoisyHand()
    raw = []
    for number in range(200):
        with_depth = number % 2
        source = PoseSource.DEPTH if with_depth else PoseSource.HAND_SIZE
        raw.append(noisy((0.0, 0.0, 0.62 if with_depth else 0.6), source=source))
    smoothed = smooth(raw)
    assert spread(smoothed[30:], 'distance') < spread(raw[30:], 'distance') / 2.5


def test_the_real_trackers_jitter_shrinks_at_least_five_times():
    """One frame of the video again and again, each time with other sensor noise."""
    video = cv2.VideoCapture(str(need('video/one_hand_720p.mp4')))
    video.set(cv2.CAP_PROP_POS_FRAMES, 166)
    image = video.read()[1][:, :, ::-1].astype(np.float32)
    try:
        tracker = HandTracker(models=HandModels.load())
    except ModelError as missing:
        pytest.skip(str(missing))
    k = [FOCAL_PX, 0, WIDTH / 2, 0, FOCAL_PX, HEIGHT / 2, 0, 0, 1]
    camera = CameraModel.from_camera_info_fields(WIDTH, HEIGHT, k, [0.0] * 5, 'plumb_bob')
    rng = np.random.default_rng(0)
    raw, locator = [], HandLocator()
    for number in range(150):
        noise = rng.normal(scale=6.0, size=image.shape).astype(np.float32)
        seen = np.ascontiguousarray(np.clip(image + noise, 0, 255).astype(np.uint8))
        (hand,) = tracker.track(seen, number * FRAME_S)
        raw += locator.locate([hand], camera, number * FRAME_S)
    smoothed = smooth(raw)
    settled = slice(30, None)
    for name in ('image', 'world', 'position', 'camera landmarks'):
        assert spread(raw[settled], name) > STILL_RATIO * spread(smoothed[settled], name), name


def test_near_and_far_and_any_image_size_are_smoothed_alike():
    ratios = []
    for distance_m in (0.3, 1.0, 3.0):
        noisy = NoisyHand()
        raw = [noisy((0.0, 0.0, distance_m)) for _ in range(400)]
        ratios.append(spread(raw[30:], 'image') / spread(smooth(raw)[30:], 'image'))
    assert max(ratios) < 1.2 * min(ratios)


def test_the_real_time_step_counts():
    """As many values, twice as far apart in time, are twice as much time to follow."""
    noisy = NoisyHand(noise=0.0)
    raw = [noisy()] * 30 + [noisy((0.051, 0.02, 0.55))] * 10
    fast, slow = smooth(raw, FRAME_S / 2), smooth(raw, FRAME_S * 2)
    behind = [0.051 - hands[-1].pose.position_m[0] for hands in (fast, slow)]
    assert 0 < behind[1] < 0.7 * behind[0]


def test_irregular_stamps_neither_repeat_nor_shake():
    noisy, smoother = NoisyHand(), HandSmoother()
    stamps_s = np.cumsum(np.random.default_rng(1).choice([0.0, 1e-9, 0.01, 0.033, 0.2], 300))
    raw = [noisy() for _ in stamps_s]
    smoothed = [
        smoother.smooth([hand], stamp_s, WIDTH, HEIGHT)[0]
        for hand, stamp_s in zip(raw, stamps_s, strict=True)
    ]
    assert spread(smoothed[60:], 'position') < spread(raw[60:], 'position') / 2
    assert np.isfinite([hand.landmarks for hand in smoothed]).all()


def test_the_pose_stays_one_rigid_frame_with_its_hand():
    noisy, raw = NoisyHand(), []
    for number in range(60):
        turn = matrix_from_rotation_vector(np.array([0.02, 0.05, 0.03]) * number)
        raw.append(noisy((0.01 * number, 0.0, 0.5), turn @ UPRIGHT))
    for hand in smooth(raw):
        pose = hand.pose
        np.testing.assert_allclose(pose.rotation @ pose.rotation.T, np.eye(3), atol=1e-9)
        np.testing.assert_allclose(pose.camera_landmarks_m[0], pose.position_m, atol=1e-12)
        axes = hand_axes(pose.camera_landmarks_m, hand.handedness)
        assert np.linalg.norm(rotation_vector(axes.T @ pose.rotation)) < np.radians(3)


def test_a_held_hand_keeps_its_last_smoothed_values():
    noisy, smoother = NoisyHand(), HandSmoother()
    *_, last = smooth([noisy() for _ in range(20)], smoother=smoother)
    for number in (20, 21):
        held = noisy((0.3, 0.1, 0.9), state=HELD, age_s=9.0)
        (out,) = smoother.smooth([held], number * FRAME_S, WIDTH, HEIGHT)
        assert (out.state, out.age_s) == (HELD, 9.0)
        for name, value in QUANTITIES.items():
            np.testing.assert_array_equal(value(out), value(last), err_msg=name)


def assert_begins_anew(smoother, hand, stamp_s):
    (out,) = smoother.smooth([hand], stamp_s, WIDTH, HEIGHT)
    for name, value in QUANTITIES.items():
        np.testing.assert_allclose(value(out), value(hand), atol=1e-6, err_msg=name)


ELSEWHERE_M = (-0.2, 0.1, 0.8)
RESETS = {
    'seen again after it was held': (20.0, {}),
    'a new track': (0.7, {'track_id': 2}),
    'the other side': (0.7, {'handedness': Handedness.LEFT}),
    'a gap of half a second': (1.2, {}),
    'time running backwards': (0.1, {}),
}


@pytest.mark.parametrize(('stamp_s', 'fields'), RESETS.values(), ids=RESETS)
def test_smoothing_begins_anew_with(stamp_s, fields):
    noisy, smoother = NoisyHand(), HandSmoother()
    smooth([noisy() for _ in range(20)], smoother=smoother)
    if stamp_s == 20.0:
        stamp_s = 0.7
        smoother.smooth([noisy(state=HELD)], 0.66, WIDTH, HEIGHT)
    assert_begins_anew(smoother, noisy(ELSEWHERE_M, **fields), stamp_s)


def test_a_held_hand_from_before_a_jump_of_time_is_not_repeated():
    noisy, smoother = NoisyHand(), HandSmoother()
    smooth([noisy() for _ in range(20)], smoother=smoother)
    assert_begins_anew(smoother, noisy(ELSEWHERE_M, state=HELD), 0.1)


def test_hands_do_not_mix():
    noisy = NoisyHand()
    ones = [noisy() for _ in range(30)]
    others = [noisy(ELSEWHERE_M, track_id=2) for _ in range(30)]
    together = HandSmoother()
    for number, (one, other) in enumerate(zip(ones, others, strict=True)):
        pair = [one, other] if number % 2 else [other, one]
        out = together.smooth(pair, number * FRAME_S, WIDTH, HEIGHT)
        assert [hand.track_id for hand in out] == [hand.track_id for hand in pair]
    by_id = {hand.track_id: hand for hand in out}
    for track_id, alone in ((1, smooth(ones)[-1]), (2, smooth(others)[-1])):
        np.testing.assert_array_equal(by_id[track_id].landmarks, alone.landmarks)


def test_a_hand_without_a_pose_is_smoothed_in_the_image():
    noisy = NoisyHand()
    raw = [noisy(pose=None) for _ in range(60)]
    smoothed = smooth(raw)
    assert all(hand.pose is None for hand in smoothed)
    assert spread(smoothed[30:], 'image') < spread(raw[30:], 'image') / STILL_RATIO


def test_values_that_are_not_finite_harm_nothing_after_them():
    noisy, smoother = NoisyHand(), HandSmoother()
    smooth([noisy() for _ in range(10)], smoother=smoother)
    bad = noisy(landmarks=np.full((21, 3), np.nan, np.float32))
    (out,) = smoother.smooth([bad], 11 * FRAME_S, WIDTH, HEIGHT)
    assert np.isnan(out.landmarks).all()
    (out,) = smoother.smooth([noisy()], 12 * FRAME_S, WIDTH, HEIGHT)
    assert np.isfinite(out.landmarks).all()


def test_a_hand_without_size_harms_nothing():
    flat = NoisyHand()(world_landmarks=np.zeros((21, 3), np.float32))
    for hand in smooth([flat] * 5):
        np.testing.assert_array_equal(hand.world_landmarks, 0.0)


def test_the_hands_given_are_not_changed():
    noisy = NoisyHand()
    raw = [noisy() for _ in range(5)]
    before = [hand.landmarks.copy() for hand in raw]
    smooth(raw)
    np.testing.assert_array_equal([hand.landmarks for hand in raw], before)


def test_without_smoothing_everything_passes():
    hand = NoisyHand()()
    smoother = HandSmoother(SmoothingOptions(method='none'))
    assert smooth([hand] * 3, smoother=smoother) == [hand] * 3


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match='one_euro, none'):
        SmoothingOptions(method='kalman')


# Fisheye cameras see hands beside and behind themselves.
ANGLES_DEG = [0, 60, 74, 76, 89.999, 90, 90.001, 120, 179, 180]


def turned(hand, angle_deg):
    """The hand with its pose so far to the side of where it was."""
    turn = matrix_from_rotation_vector(np.array([0.0, np.radians(angle_deg), 0.0]))
    pose = replace(
        hand.pose,
        position_m=turn @ hand.pose.position_m,
        rotation=turn @ hand.pose.rotation,
        camera_landmarks_m=hand.pose.camera_landmarks_m @ turn.T,
    )
    return replace(hand, pose=pose)


@pytest.mark.parametrize('source', [PoseSource.HAND_SIZE, PoseSource.DEPTH])
@pytest.mark.parametrize('angle_deg', ANGLES_DEG)
def test_a_still_hand_anywhere_around_the_camera_is_smoothed(angle_deg, source):
    noisy = NoisyHand()
    raw = [turned(noisy((0.0, 0.0, 0.5), source=source), angle_deg) for _ in range(100)]
    smoothed = smooth(raw)
    assert spread(smoothed[30:], 'position') < spread(raw[30:], 'position') / 2
    for before, after in zip(raw, smoothed, strict=True):
        assert np.linalg.norm(after.pose.position_m - before.pose.position_m) < 0.03
        np.testing.assert_allclose(
            after.pose.camera_landmarks_m[0], after.pose.position_m, atol=1e-12
        )


def test_a_hand_that_goes_round_the_camera_is_followed_without_a_jump():
    noisy = NoisyHand(noise=0.0)
    raw = [turned(noisy((0.0, 0.0, 0.5)), angle) for angle in np.linspace(0.0, 360.0, 181)]
    measured, smoothed = (
        np.array([hand.pose.position_m for hand in hands]) for hands in (raw, smooth(raw))
    )
    assert np.linalg.norm(smoothed - measured, axis=1).max() < 0.02
    step_m = np.linalg.norm(np.diff(measured, axis=0), axis=1).max()
    assert np.linalg.norm(np.diff(smoothed, axis=0), axis=1).max() < 2 * step_m


def test_a_wrist_in_the_lens_stays_a_number():
    at_lens = NoisyHand(noise=0.0)()
    pose = replace(at_lens.pose, position_m=np.zeros(3))
    for hand in smooth([replace(at_lens, pose=pose)] * 5):
        assert np.isfinite(hand.pose.camera_landmarks_m).all()


def test_a_pose_that_is_not_finite_harms_nothing_after_it():
    noisy, smoother = NoisyHand(), HandSmoother()
    smooth([noisy() for _ in range(10)], smoother=smoother)
    bad = noisy()
    bad = replace(bad, pose=replace(bad.pose, rotation=np.full((3, 3), np.nan)))
    (out,) = smoother.smooth([bad], 11 * FRAME_S, WIDTH, HEIGHT)
    assert np.isnan(out.pose.rotation).all()  # for the check at the way out
    (out,) = smoother.smooth([noisy()], 12 * FRAME_S, WIDTH, HEIGHT)
    assert np.isfinite(out.pose.camera_landmarks_m).all()
