"""What the node tells of a hand beside its message: TF, markers, fingers, pictures."""

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from geometry_msgs.msg import PoseArray
from sensor_msgs.msg import CompressedImage, Image, JointState
from visualization_msgs.msg import Marker

from hand_tracking_ros.msg import Hand
from hand_tracking_ros.ros.compressed_images import compressed_to_rgb
from hand_tracking_ros.ros.image_conversion import from_rgb, to_rgb
from hand_tracking_ros.ros.message_conversion import hands_from_message
from hand_tracking_ros.tracking.fingers.hand_frame import convert_pose_convention
from hand_tracking_ros.tracking.hand import Landmark
from support.tracker_client import FRAME_ID, STAMPS, ask_with_pose, later

pytest_plugins = ('support.tracker_fixtures',)


def test_a_hand_has_tf_frames_with_the_images_stamp_and_frame(client, hand_image):
    answer = ask_with_pose(client, hand_image)
    names = {f'hand_{answer.hands[0].track_id}', 'right_hand'}

    def frames():
        all_frames = [t for message in client.transforms for t in message.transforms]
        found = [t for t in all_frames if t.header == answer.header]
        return found if {t.child_frame_id for t in found} == names else None

    (first, _) = client.wait_for(frames, 'TF frames of the image')
    assert first.header.frame_id == FRAME_ID
    assert first.transform.translation.z == pytest.approx(answer.hands[0].pose.pose.position.z)


def frames_of(client, header):
    """Names of the TF frames that were sent for an image, each as often as it was."""
    return [
        transform.child_frame_id
        for message in client.transforms
        for transform in message.transforms
        if transform.header == header
    ]


def test_the_prefix_stands_before_the_frames_of_hands_and_of_their_landmarks(client, hand_image):
    landmarks = []
    client.listen(PoseArray, 'hand_tracker/right/landmarks', landmarks)
    client.set_parameters(tf_prefix='robot_')

    client.wait_for(lambda: ask_with_pose(client, hand_image) and landmarks, 'landmarks')
    answer = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.wait_for(lambda: frames_of(client, answer.header), 'TF frames of the image')
    client.set_parameters(tf_prefix='')
    expected = [f'robot_hand_{answer.hands[0].track_id}', 'robot_right_hand']
    assert sorted(frames_of(client, answer.header)) == expected
    assert landmarks[-1].header.frame_id == 'robot_right_hand'


def test_frames_of_a_lost_hand_stop_at_once(client, hand_image):
    ask_with_pose(client, hand_image)
    for _ in range(45):  # seen for so long that it is held for more than three images
        client.ask(from_rgb(hand_image, STAMPS.next()))
    lost = [client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next())) for _ in range(3)]
    assert [len(answer.hands) for answer in lost] == [1, 1, 1]
    back = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.wait_for(lambda: frames_of(client, back.header), 'TF frames of the hand that is back')
    assert [frames_of(client, answer.header) for answer in lost] == [[], [], []]


def test_an_image_that_comes_twice_sends_each_frame_once(client, hand_image):
    ask_with_pose(client, hand_image)
    image = from_rgb(hand_image, STAMPS.next())

    def answered_twice():
        client.ask(image)
        client.publish('image', image)
        return sum(answer.header == image.header for answer in client.hands) > 1

    client.wait_for(answered_twice, 'two answers to one image')
    after = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.wait_for(lambda: frames_of(client, after.header), 'TF frames of the next image')
    assert len(frames_of(client, image.header)) == 2  # hand_<id> and right_hand


def test_every_landmark_has_a_frame_where_asked_for(client, hand_image):
    before = ask_with_pose(client, hand_image)
    client.set_parameters(landmark_frames=True)
    answer = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.set_parameters(landmark_frames=False)
    (hand,) = answer.hands
    name = f'hand_{hand.track_id}'
    expected = {'right_hand', name}
    expected |= {f'{name}_{landmark.name.lower()}' for landmark in Landmark}
    client.wait_for(lambda: frames_of(client, answer.header), 'TF frames of the image')
    assert sorted(frames_of(client, answer.header)) == sorted(expected)
    assert len(frames_of(client, before.header)) == 2
    (tip,) = (
        transform
        for message in client.transforms
        for transform in message.transforms
        if transform.header == answer.header
        and transform.child_frame_id == f'{name}_index_finger_tip'
    )
    place, point = tip.transform.translation, hand.camera_landmarks[Hand.INDEX_FINGER_TIP]
    assert (place.x, place.y, place.z) == pytest.approx((point.x, point.y, point.z))
    assert tip.transform.rotation == hand.pose.pose.orientation


def test_markers_of_a_hand_appear_and_are_deleted_when_it_is_lost(client, hand_image):
    answer = ask_with_pose(client, hand_image)
    namespace = f'hand_{answer.hands[0].track_id}'

    def has(action):
        return lambda: [
            marker.type
            for message in client.markers
            for marker in message.markers
            if marker.ns == namespace and marker.action == action
        ]

    added = client.wait_for(has(Marker.ADD), 'markers')
    assert {Marker.LINE_LIST, Marker.SPHERE_LIST, Marker.TEXT_VIEW_FACING} <= set(added)
    client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next()))
    assert len(client.wait_for(has(Marker.DELETE), 'deleted markers')) == 3


def test_fingers_and_landmarks_of_a_hand_are_published_for_its_side(client, hand_image):
    joints, landmarks = [], []
    client.listen(JointState, 'hand_tracker/right/joint_states', joints)
    client.listen(PoseArray, 'hand_tracker/right/landmarks', landmarks)

    def answered():
        answer = ask_with_pose(client, hand_image)
        return joints and landmarks and answer

    client.wait_for(answered, 'joint states and landmarks')
    assert joints[-1].header.frame_id == FRAME_ID
    assert 'right_index_pip_flexion' in joints[-1].name
    assert max(map(abs, joints[-1].position)) < np.pi
    assert landmarks[-1].header.frame_id == 'right_hand'
    assert len(landmarks[-1].poses) == 21
    client.set_parameters(landmark_order='openxr')
    client.wait_for(lambda: answered() and len(landmarks[-1].poses) == 26, 'OpenXR joints')
    client.set_parameters(landmark_order='mediapipe')


def test_in_a_mirrored_image_the_hand_has_the_other_name_and_the_same_fingers(client, hand_image):
    heard = {}
    for side in ('left', 'right'):
        heard[side] = [], []
        client.listen(JointState, f'hand_tracker/{side}/joint_states', heard[side][0])
        client.listen(PoseArray, f'hand_tracker/{side}/landmarks', heard[side][1])

    def fingers(side):
        """Joint angles, and quaternions of the landmarks, of the hand with this name."""
        joints, landmarks = heard[side]
        # The first images of a hand differ, until its region fits.
        for _ in range(10):
            client.ask(from_rgb(hand_image, STAMPS.next()))
        joints.clear()
        landmarks.clear()
        client.wait_for(
            lambda: ask_with_pose(client, hand_image) and joints and landmarks, f'{side} hand'
        )
        turns = [pose.orientation for pose in landmarks[-1].poses]
        return joints[-1], np.array([[q.x, q.y, q.z, q.w] for q in turns])

    client.set_parameters(landmark_order='openxr')
    joints, turns = fingers('right')
    client.set_parameters(image_mirrored=True)
    mirrored_joints, mirrored_turns = fingers('left')
    client.set_parameters(image_mirrored=False, landmark_order='mediapipe')
    assert mirrored_joints.name == [name.replace('right', 'left') for name in joints.name]
    np.testing.assert_allclose(mirrored_joints.position, joints.position, atol=0.2)
    cosines = np.abs((mirrored_turns * turns).sum(axis=1))
    assert cosines.min() > 0.98


@pytest.mark.parametrize('convention', ['openxr', 'mano'])
def test_the_pose_has_the_axes_that_the_parameter_asks_for(client, hand_image, convention):
    def rotation():
        (hand,) = hands_from_message(ask_with_pose(client, hand_image))
        return hand.pose.rotation

    client.set_parameters(smoothing='none')
    rep103 = rotation()
    client.set_parameters(pose_convention=convention)
    found = rotation()
    client.set_parameters(pose_convention='rep103', smoothing='one_euro')
    np.testing.assert_allclose(found, convert_pose_convention(rep103, convention), atol=0.1)


def test_a_still_hand_is_smoothed_and_without_smoothing_it_is_not(client, hand_image):
    rng = np.random.default_rng(0)

    def jitter():
        later(10)
        wrists = []
        for _ in range(30):
            noise = rng.normal(scale=8, size=hand_image.shape)
            noisy = np.clip(hand_image + noise, 0, 255).astype(np.uint8)
            wrist = client.ask(from_rgb(noisy, STAMPS.next())).hands[0].landmarks[Hand.WRIST]
            wrists.append((wrist.x, wrist.y))
        return np.std(wrists[15:], axis=0).mean()

    smoothed = jitter()
    client.set_parameters(smoothing='none')
    raw = jitter()
    client.set_parameters(smoothing='one_euro')
    assert smoothed < raw / 2


def test_the_annotated_image_is_published_for_who_listens(client, hand_image):
    raw, compressed = [], []
    client.listen(Image, 'hand_tracker/annotated_image', raw)
    client.listen(CompressedImage, 'hand_tracker/annotated_image/compressed', compressed)

    def both():
        client.ask(from_rgb(hand_image, STAMPS.next()))
        return raw and compressed

    client.wait_for(both, 'annotated images')
    drawn, decoded = to_rgb(raw[-1]), compressed_to_rgb(compressed[-1])
    assert drawn.shape == decoded.shape == hand_image.shape
    # The picture in its own colours, but for the lines of the hand.
    differs = np.any(drawn != hand_image, axis=2)
    assert 0 < differs.mean() < 0.5
    # Twice the same picture, but for JPEG.
    assert np.abs(decoded.astype(int) - drawn).mean() < 2
