"""The whole way of an image: every step happens, in its order, with the options of its time."""

from dataclasses import replace

import numpy as np
import pytest

from hand_tracking_ros.tracking import (
    CameraModel,
    Handedness,
    HandPipeline,
    HandTracker,
    PipelineOptions,
    PoseSource,
    SmoothingOptions,
    TrackerOptions,
    TrackingState,
)
from hand_tracking_ros.tracking.fingers.finger_values import finger_curl, pinch
from hand_tracking_ros.tracking.networks.landmark_model import HandLandmarks
from hand_tracking_ros.tracking.placing.camera_matrix import CameraInfoError
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.placing.hand_measurement import NUM_IMAGES, HandMeasurement
from hand_tracking_ros.tracking.smoothing import HandSmoother
from support.fake_world import FRAME_S, IMAGE, FakeHand, FakeWorld
from support.seen_hand import depth_image, placed_joints, report

HEIGHT, WIDTH = IMAGE.shape[:2]
K = (600, 0, 320, 0, 600, 240, 0, 0, 1)
CAMERA = CameraModel.from_camera_info_fields(WIDTH, HEIGHT, K, (), '')
UNFILTERED = PipelineOptions(smoothing=SmoothingOptions('none'))
LARGE_M = 0.21


class SolidHand(FakeWorld):
    """A world with one right hand of known joints, seen as perfect networks would see it.

    Attributes:
        position_m: of the hand's middle, in the camera's frame.
        jitter_px: of its landmarks, from image to image.
    """

    def __init__(self, length_m=0.185):
        super().__init__(FakeHand(WIDTH / 2, HEIGHT / 2))
        self.position_m = np.array([0.0, 0.0, 0.6])
        self.jitter_px = 0.0
        self._length_m = length_m
        self._random = np.random.default_rng(0)

    @property
    def joints_m(self):
        return placed_joints(self.position_m, length_m=self._length_m, bends_rad=(0.0,) * 5)

    def _landmarks_in(self, region):
        hand = report(self.joints_m, CAMERA)
        landmarks_px = hand.landmarks * np.array([WIDTH, HEIGHT, WIDTH])
        landmarks_px += self._random.normal(scale=self.jitter_px, size=landmarks_px.shape)
        presence = 0.99 if self.hands[0].is_visible else 0.0
        return HandLandmarks(
            landmarks_px.astype(np.float32), hand.world_landmarks, presence, 0.95, region
        )


def process(pipeline, number, **keywords):
    """The only hand of an image."""
    (hand,) = pipeline.process(IMAGE, number * FRAME_S, **keywords)
    return hand


def test_the_steps_are_tracking_placing_smoothing_and_finger_values():
    world, twin = SolidHand(), SolidHand()
    world.jitter_px = twin.jitter_px = 1.0
    pipeline = HandPipeline(models=world.models)
    tracker, locator, smoother = HandTracker(models=twin.models), HandLocator(), HandSmoother()
    for number in range(10):
        found = process(pipeline, number, camera=CAMERA)
        stamp_s = number * FRAME_S
        hands = tracker.track(IMAGE, stamp_s)
        hands = locator.locate(hands, CAMERA, stamp_s)
        (expected,) = smoother.smooth(hands, stamp_s, WIDTH, HEIGHT)
        np.testing.assert_array_equal(found.landmarks, expected.landmarks)
        np.testing.assert_array_equal(found.pose.position_m, expected.pose.position_m)
        points = expected.pose.camera_landmarks_m
        np.testing.assert_array_equal(found.finger_curl, finger_curl(points))
        assert found.pinch == pinch(points)


def test_without_a_camera_a_hand_has_no_pose_but_finger_values():
    hand = process(HandPipeline(models=SolidHand().models), 0)
    assert hand.pose is None
    np.testing.assert_array_equal(hand.finger_curl, finger_curl(hand.world_landmarks))


def test_depth_decides_the_distance():
    world = SolidHand(LARGE_M)
    pipeline = HandPipeline(models=world.models)
    without = process(pipeline, 0, camera=CAMERA).pose
    depth = depth_image(world.joints_m, CAMERA)
    with_depth = process(HandPipeline(models=world.models), 0, camera=CAMERA, depth=depth).pose
    true_m = world.joints_m[0, 2]
    assert (without.source, with_depth.source) == (PoseSource.HAND_SIZE, PoseSource.DEPTH)
    assert abs(with_depth.position_m[2] - true_m) < 0.015 < abs(without.position_m[2] - true_m)


def test_a_camera_calibrated_for_another_size_of_the_image_gives_the_same_pose():
    half = CAMERA.scaled_to(WIDTH // 2, HEIGHT // 2)
    poses = [
        process(HandPipeline(models=SolidHand().models), 0, camera=camera).pose
        for camera in (CAMERA, half)
    ]
    np.testing.assert_allclose(poses[0].position_m, poses[1].position_m, atol=1e-5)


def test_a_camera_of_another_shape_is_refused():
    wide = CameraModel.from_camera_info_fields(640, 360, K, (), '')
    with pytest.raises(CameraInfoError, match='640x360'):
        process(HandPipeline(models=SolidHand().models), 0, camera=wide)


def test_smoothing_takes_jitter_away_unless_it_is_off():
    spreads = []
    for options in (PipelineOptions(), UNFILTERED):
        world = SolidHand()
        world.jitter_px = 2.0
        pipeline = HandPipeline(options, world.models)
        places = [process(pipeline, number).landmarks[0, :2] for number in range(60)]
        spreads.append(np.std(places[30:], axis=0).max())
    assert spreads[0] < 0.5 * spreads[1]


def test_changed_options_count_from_the_next_image_on_and_tracks_go_on():
    world = SolidHand(LARGE_M)
    pipeline = HandPipeline(UNFILTERED, world.models)
    before = process(pipeline, 0, camera=CAMERA)
    pipeline.configure(
        replace(
            UNFILTERED,
            hand_lengths_m={Handedness.RIGHT: LARGE_M},
            tracker=TrackerOptions(hold_time_s=0.1),
        )
    )
    after = process(pipeline, 1, camera=CAMERA)
    assert after.track_id == before.track_id
    assert after.pose.position_m[2] > 1.05 * before.pose.position_m[2]
    for number in range(2, 40):  # a hand that was well seen is held
        process(pipeline, number, camera=CAMERA)
    world.hands[0].is_visible = False
    held = [pipeline.process(IMAGE, number * FRAME_S) for number in range(40, 46)]
    states = [[hand.state for hand in hands] for hands in held]
    assert states == [[TrackingState.HELD]] * 3 + [[]] * 3


def test_a_mirrored_image_shows_the_other_side_and_the_same_pose():
    upright, mirrored = SolidHand(), SolidHand()
    options = replace(UNFILTERED, tracker=TrackerOptions(image_mirrored=True))
    right = process(HandPipeline(UNFILTERED, upright.models), 0, camera=CAMERA)
    left = process(HandPipeline(options, mirrored.models), 0, camera=CAMERA)
    assert (right.handedness, left.handedness) == (Handedness.RIGHT, Handedness.LEFT)
    np.testing.assert_allclose(left.pose.rotation, right.pose.rotation)


def test_a_measurement_uses_the_images_that_follow_until_it_is_complete():
    world = SolidHand(LARGE_M)
    pipeline = HandPipeline(models=world.models)
    middle_m = float(np.linalg.norm(world.joints_m[[0, 5, 9, 13, 17]].mean(axis=0)))
    measurement = HandMeasurement(Handedness.RIGHT, distance_m=middle_m)
    pipeline.measure(measurement)
    for number in range(NUM_IMAGES):
        assert not measurement.is_complete
        process(pipeline, number, camera=CAMERA)
    assert measurement.is_complete
    assert measurement.handedness == Handedness.RIGHT
    assert measurement.result_m() == pytest.approx(LARGE_M, rel=0.05)


def test_after_reset_the_same_hand_is_a_new_track():
    pipeline = HandPipeline(models=SolidHand().models)
    first = process(pipeline, 5)
    pipeline.reset()
    assert process(pipeline, 6).track_id == first.track_id + 1
