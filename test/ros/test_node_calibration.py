"""What the node makes of the camera's calibration and of hands that it is to measure."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from hand_tracking_ros.msg import Hand
from hand_tracking_ros.ros.image_conversion import from_rgb
from hand_tracking_ros.ros.message_conversion import hands_from_message
from hand_tracking_ros.srv import CalibrateHand
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from support.node_process import Client, NodeProcess
from support.tracker_client import (
    FOCAL_PX,
    STAMPS,
    ask_with_pose,
    camera_info_for,
    depth_image,
    later,
    status_where,
)

pytest_plugins = ('support.tracker_fixtures',)


def test_hands_have_no_pose_until_a_late_camera_info_comes(tmp_path, hand_image):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()

        def ask():
            return client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]

        before = ask()
        assert (before.state, before.has_pose) == (Hand.TRACKED, False)
        assert max(point.x for point in before.landmarks) > 0
        status = status_where(client, lambda status: 'camera_info' in status.message)
        assert status.level == b'\x01'
        assert '/camera_info: no camera_info received yet' in status.message
        client.wait_for(lambda: 'no camera_info received yet' in node.text(), 'the same in the log')
        assert not client.transforms

        after = ask_with_pose(client, hand_image).hands[0]
        assert after.track_id == before.track_id
        status_where(client, lambda status: 'camera_info' not in status.message)


def test_a_camera_info_without_focal_length_leaves_the_2d_results(client, hand_image):
    ask_with_pose(client, hand_image)

    def without_pose():
        client.publish('camera_info', camera_info_for(hand_image, focal_px=0.0))
        answer = client.ask(from_rgb(hand_image, STAMPS.next()))
        return answer.hands and not answer.hands[0].has_pose

    client.wait_for(without_pose, 'hand without a pose')
    status = status_where(client, lambda status: 'camera_info' in status.message)
    assert 'k[0] (fx) is 0' in status.message
    assert ask_with_pose(client, hand_image).hands[0].has_pose


def test_a_camera_info_with_distortion_of_a_wrong_length_leaves_the_2d_results(client, hand_image):
    ask_with_pose(client, hand_image)
    wrong = camera_info_for(hand_image)
    wrong.d = [0.1, 0.2]

    def without_pose():
        client.publish('camera_info', wrong)
        answer = client.ask(from_rgb(hand_image, STAMPS.next()))
        return answer.hands and not answer.hands[0].has_pose

    client.wait_for(without_pose, 'hand without a pose')
    status = status_where(client, lambda status: 'camera_info' in status.message)
    assert '/camera_info: d has 2 coefficients, expected one of' in status.message


def test_a_hand_is_placed_where_the_distorted_camera_sees_it(client, hand_image):
    info = camera_info_for(hand_image)
    info.k[2] = -500.0  # far from the optical axis, where distortion is 100 px
    info.d = [0.2, 0.0, 0.0, 0.0, 0.0]

    def located():
        client.publish('camera_info', info)
        (hand,) = hands_from_message(client.ask(from_rgb(hand_image, STAMPS.next())))
        is_aside = hand.pose is not None and hand.pose.position_m[0] > 0.5 * hand.pose.position_m[2]
        return hand if is_aside else None

    hand = client.wait_for(located, 'hand beside the optical axis')
    size = info.width, info.height
    camera = CameraModel.from_camera_info_fields(*size, info.k, info.d, info.distortion_model)
    misses_px = camera.project(hand.pose.camera_landmarks_m) - hand.landmarks_px(*size)
    assert np.median(np.linalg.norm(misses_px, axis=1)) < 10


def test_a_camera_info_of_an_impossible_time_counts_like_any_other(client, hand_image):
    before = ask_with_pose(client, hand_image).hands[0].pose.pose.position.z
    stamp = Time(sec=-1, nanosec=2**32 - 1)
    nearer = camera_info_for(hand_image, FOCAL_PX / 2, header=Header(stamp=stamp))

    def counts():
        client.publish('camera_info', nearer)
        (hand,) = client.ask(from_rgb(hand_image, STAMPS.next())).hands
        return hand.has_pose and hand.pose.pose.position.z < 0.7 * before

    client.wait_for(counts, 'hand at half the distance')


def calibrate(client, images, **request):
    """Call the service, and send images until it answers."""
    service = client.service_client(CalibrateHand, 'hand_tracker/calibrate_hand')
    future = service.call_async(CalibrateHand.Request(**request))

    def answered():
        images()
        return future.done()

    client.wait_for(answered, 'answer of the calibration service')
    return future.result()


def test_a_hand_is_measured_with_depth_and_its_length_is_kept(tmp_path, hand_image):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        client.add_publisher(Image, 'depth')
        client.wait_for(lambda: client.node.count_subscribers('depth'), 'subscription to depth')
        before = ask_with_pose(client, hand_image).hands[0].pose.pose.position.z
        depth_m = np.full(hand_image.shape[:2], before * 1.1)

        def images():
            image = from_rgb(hand_image, STAMPS.next())
            client.publish('depth', depth_image(depth_m, image.header.stamp))
            return client.ask(image)

        def has_depth():
            return images().hands[0].pose_source == Hand.DEPTH

        client.wait_for(has_depth, 'pose from depth')
        answer = calibrate(client, images, handedness=Hand.RIGHT)
        assert answer.success, answer.message
        assert 'right hand' in answer.message
        length_m = answer.hand_length_m
        assert f'hand_length: {length_m:.4f}'.rstrip('0') in answer.message
        kept = client.get_parameter('hand_length')
        assert kept.double_value == pytest.approx(length_m, abs=1e-4)
        later(10)  # the depth images are too old now, but the length is known
        for _ in range(6):  # a new track, whose fit settles in a few images
            after = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
        assert after.pose_source == Hand.HAND_SIZE
        assert after.pose.pose.position.z == pytest.approx(1.1 * before, rel=0.1)


@pytest.mark.parametrize(
    ('request_fields', 'reason'),
    [
        ({}, 'distance_m'),  # without depth
        ({'distance_m': -0.5}, 'distance_m is -0.5, expected 0'),
        ({'distance_m': float('nan')}, 'distance_m is nan, expected 0'),
        ({'handedness': 3, 'distance_m': 0.5}, 'handedness is 3, expected 0, 1 or 2'),
    ],
)
def test_what_is_known_to_be_impossible_is_refused_before_another_image(
    client, hand_image, request_fields, reason
):
    ask_with_pose(client, hand_image)
    answer = calibrate(client, lambda: None, **request_fields)
    assert not answer.success
    assert reason in answer.message


def test_a_hand_of_a_side_that_is_not_seen_is_not_measured(client, hand_image):
    ask_with_pose(client, hand_image)
    answer = calibrate(
        client,
        lambda: client.ask(from_rgb(hand_image, STAMPS.next())),
        handedness=Hand.LEFT,
        distance_m=0.5,
    )
    assert not answer.success
    assert 'no left hand was seen' in answer.message


def test_calibrate_hand_answers_without_images_and_where_simulated_time_stands_still(
    tmp_path, hand_image
):
    with NodeProcess(tmp_path, '-p', 'use_sim_time:=true') as node, Client(node) as client:
        client.wait_for_node()
        for _ in range(2):  # the first call does not block the second
            answer = calibrate(client, lambda: None, distance_m=0.5)
            assert not answer.success
            assert 'no ' in answer.message
        ask_with_pose(client, hand_image)
        # Nobody sends images: the answer comes by itself, after seconds of real time.
        answer = calibrate(client, lambda: None, distance_m=0.5)
        assert 'only ' in answer.message or 'no hand was seen' in answer.message
        assert not answer.success
        status = status_where(client, lambda status: 'use_sim_time' in status.message)
        assert 'no time on /clock' in status.message
