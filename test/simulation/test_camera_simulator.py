"""Simulated frames and their truth."""

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.simulation.scenes import SCENES
from hand_tracking_ros.simulation.sensor import SensorOptions
from hand_tracking_ros.tracking import HandTracker, TrackerOptions, TrackingState
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.fingers.hand_frame import hand_axes
from hand_tracking_ros.tracking.hand import Handedness, Landmark
from hand_tracking_ros.tracking.networks.model_files import find_model

PERFECT = SensorOptions(noise=0.0, blur_px=0.0, depth_noise=0.0)
SMALL = {'width': 320, 'height': 240}


def simulator(**options):
    return CameraSimulator(SimulatorOptions(**options))


@pytest.fixture(scope='module')
def right():
    return simulator(scene='still', seed=1, handedness=Handedness.RIGHT, sensor=PERFECT)


@pytest.fixture(scope='module')
def left():
    return simulator(scene='still', seed=1, handedness=Handedness.LEFT, sensor=PERFECT)


def test_a_frame_has_the_size_and_types_promised(right):
    frame = right.render(0.5)
    assert frame.stamp_s == 0.5
    assert (frame.image.shape, frame.image.dtype) == ((480, 640, 3), np.uint8)
    assert (frame.depth_m.shape, frame.depth_m.dtype) == ((480, 640), np.float32)
    assert frame.image.flags.c_contiguous


def test_the_same_options_give_the_same_frames_in_any_order():
    options = {**SMALL, 'scene': 'wave', 'seed': 4, 'sensor': SensorOptions(depth_holes=0.2)}
    forwards, backwards = simulator(**options), simulator(**options)
    first = [forwards.render(t) for t in (0.0, 0.1)]
    second = [backwards.render(t) for t in (0.1, 0.0)][::-1]
    for one, other in zip(first, second, strict=True):
        assert (one.image == other.image).all()
        assert (one.depth_m == other.depth_m).all()
        assert (one.hands[0].camera_landmarks_m == other.hands[0].camera_landmarks_m).all()


def test_another_seed_is_another_person_in_another_place():
    first, second = (simulator(**SMALL, seed=seed).render(0.0) for seed in (0, 2))
    assert (first.image != second.image).any()
    assert first.hands[0].hand_length_m != second.hands[0].hand_length_m


def test_landmarks_are_the_projection_of_the_camera_landmarks(right):
    truth = right.render(0.0).hands[0]
    projected = truth.camera_landmarks_m @ right.camera.matrix.T
    expected = projected[:, :2] / projected[:, 2:] / [640, 480]
    assert truth.landmarks[:, :2] == pytest.approx(expected)
    assert truth.landmarks[Landmark.WRIST, 2] == 0
    nearer = truth.camera_landmarks_m[:, 2] < truth.camera_landmarks_m[Landmark.WRIST, 2]
    assert (nearer == (truth.landmarks[:, 2] < 0)).all()


def test_a_left_hand_is_the_mirror_image_of_a_right_one(right, left):
    one, other = (simulated.render(0.0).hands[0] for simulated in (right, left))
    assert (one.handedness, other.handedness) == (Handedness.RIGHT, Handedness.LEFT)
    assert other.camera_landmarks_m == pytest.approx(one.camera_landmarks_m * [-1, 1, 1])
    for truth in (one, other):
        assert np.linalg.det(truth.rotation) == pytest.approx(1)
        assert truth.rotation == pytest.approx(
            hand_axes(truth.camera_landmarks_m, truth.handedness)
        )
    # Both show the palm: z, out of the back, points away from the camera.
    assert one.rotation[2, 2] > 0.8
    assert other.rotation[2, 2] > 0.8


def test_the_skin_lies_just_before_the_visible_joints(right):
    frame = right.render(0.0)
    truth = frame.hands[0]
    column, row = np.round(truth.landmarks[:, :2] * [640, 480]).astype(int).T
    assert truth.landmarks_visible.all()
    before_m = truth.camera_landmarks_m[:, 2] - frame.depth_m[row, column]
    assert (before_m > 0.002).all()
    assert (before_m < 0.035).all()


def test_a_hand_of_a_stated_length_changes_nothing_else():
    free = simulator(**SMALL, seed=5, sensor=PERFECT)
    fixed = simulator(**SMALL, seed=5, sensor=PERFECT, hand_length_m=0.165)
    one, other = free.render(0.0), fixed.render(0.0)
    assert other.hands[0].hand_length_m == pytest.approx(0.165)
    assert one.hands[0].hand_length_m != pytest.approx(0.165, abs=0.002)
    scale = other.hands[0].hand_length_m / one.hands[0].hand_length_m
    shapes = [
        f.hands[0].camera_landmarks_m - f.hands[0].camera_landmarks_m[0] for f in (one, other)
    ]
    assert shapes[1] == pytest.approx(scale * shapes[0])
    assert (one.image[:20] == other.image[:20]).all()


def test_a_hand_that_leaves_is_not_visible_until_it_returns():
    simulated = simulator(**SMALL, scene='leave_and_return', seed=0)
    visible = [simulated.render(t).hands[0].is_visible for t in np.arange(0, 5, 0.25)]
    assert 3 <= sum(visible) <= 17


def test_the_person_can_lower_the_hand(right):
    lowered = right.render_without_hands(0.0)
    shown = right.render(0.0)
    (hand,) = shown.hands
    x, y = (hand.landmarks[9, :2] * [640, 480]).astype(int)
    changed = np.abs(shown.image.astype(int) - lowered).max(axis=2) > 30
    assert changed[y - 3 : y + 4, x - 3 : x + 4].all()
    assert lowered.shape == shown.image.shape and 0.5 < (~changed).mean() < 0.98


def test_a_board_before_the_hand_hides_it():
    simulated = simulator(**SMALL, scene='occlusion', seed=0)
    frames = [simulated.render(t) for t in np.arange(0, 2.6, 0.1)]
    shares = [frame.hands[0].landmarks_visible.mean() for frame in frames]
    assert min(shares) < 0.3
    assert max(shares) == 1.0


def test_the_nearer_of_two_crossing_hands_hides_the_other():
    simulated = simulator(**SMALL, scene='crossing', seed=0)
    frames = [simulated.render(t) for t in np.arange(0, 5, 0.1)]
    far, near = zip(*(frame.hands for frame in frames), strict=True)
    assert {far[0].handedness, near[0].handedness} == {Handedness.LEFT, Handedness.RIGHT}
    assert min(truth.landmarks_visible.mean() for truth in far) < 0.5
    assert min(truth.landmarks_visible.mean() for truth in near) > 0.9


def test_less_light_makes_a_darker_image():
    bright, dark = (simulator(**SMALL, light=light).render(0.0).image for light in (1.0, 0.3))
    assert dark.mean() < 0.65 * bright.mean()


def test_clutter_stands_before_the_wall():
    empty, full = (
        simulator(**SMALL, clutter=clutter, person=False, sensor=PERFECT).render(0.0)
        for clutter in (False, True)
    )
    assert len(np.unique(empty.depth_m[:100, :50])) == 1
    assert len(np.unique(full.depth_m)) > len(np.unique(empty.depth_m))
    assert full.image.std() > empty.image.std()


def test_an_unknown_scene_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"'dance'.*still, wave"):
        simulator(scene='dance')


@pytest.mark.parametrize('name', [name for name in SCENES if name != 'far'])
def test_the_tracker_sees_the_simulated_hands(name):
    try:
        find_model('palm_detection_full')
    except UserError as error:
        pytest.skip(str(error))
    simulated = simulator(scene=name, seed=6)
    num_hands = SCENES[name].num_hands
    tracker = HandTracker(TrackerOptions(max_num_hands=num_hands, static_image_mode=True))
    num_visible, num_found = 0, 0
    for t in np.arange(0, 5, 0.5):
        frame = simulated.render(t)
        found = [h for h in tracker.track(frame.image, t) if h.state == TrackingState.TRACKED]
        for truth in frame.hands:
            if truth.landmarks_visible.mean() < 0.8:
                continue
            num_visible += 1
            scale = np.ptp(truth.landmarks[:, :2], axis=0).max()
            errors = [np.abs(h.landmarks - truth.landmarks)[:, :2].mean() / scale for h in found]
            best = int(np.argmin(errors)) if errors else None
            num_found += best is not None and errors[best] < 0.06
    assert num_visible >= 3 * num_hands
    assert num_found >= 0.9 * num_visible
