"""The node as users run it: a process of its own, heard and spoken to over DDS."""

import signal

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from builtin_interfaces.msg import Time
from external_data import need
from geometry_msgs.msg import PoseArray
from node_process import Client, NodeProcess
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from hand_tracking_ros.msg import Hand, HandArray
from hand_tracking_ros.ros.image_conversion import (
    compressed_from_rgb,
    compressed_to_rgb,
    from_rgb,
    to_rgb,
)
from hand_tracking_ros.srv import CalibrateHand

FRAME_ID = 'test_camera'
FOCAL_PX = 500.0


@pytest.fixture(scope='module')
def running(tmp_path_factory):
    """One node and client for all tests that leave the node as it was."""
    with NodeProcess(tmp_path_factory.mktemp('node')) as node, Client(node) as client:
        client.wait_for_node()
        yield node, client


@pytest.fixture
def client(running):
    node, client = running
    later(10)  # no hand of an earlier test is still held
    yield client
    assert node.is_running, node.text()


@pytest.fixture(scope='module')
def hand_image():
    """A picture with one right hand, RGB."""
    path = need('annotated/freihand_00017620.jpg')
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


class Stamps:
    """Headers one after the other, 33 ms apart, as images of one camera have."""

    def __init__(self):
        self.ms = 1_000_000

    def next(self, frame_id=FRAME_ID) -> Header:
        self.ms += 33
        return Header(frame_id=frame_id, stamp=self.later_stamp(0.0))

    def later_stamp(self, delay_s: float) -> Time:
        """The last header's stamp, or one after it."""
        sec, milliseconds = divmod(self.ms + round(1000 * delay_s), 1000)
        return Time(sec=sec, nanosec=milliseconds * 1_000_000)


STAMPS = Stamps()


def later(seconds: float) -> None:
    """Let image time pass."""
    STAMPS.ms += round(seconds * 1000)


def empty_image(size=(320, 240), **fields) -> Image:
    image = from_rgb(np.zeros((*size[::-1], 3), np.uint8), STAMPS.next())
    for name, value in fields.items():
        setattr(image, name, value)
    return image


def camera_info_for(image: np.ndarray, focal_px=FOCAL_PX, **fields) -> CameraInfo:
    height, width = image.shape[:2]
    k = [focal_px, 0.0, width / 2, 0.0, focal_px, height / 2, 0.0, 0.0, 1.0]
    return CameraInfo(
        width=width, height=height, distortion_model='plumb_bob', d=[0.0] * 5, k=k, **fields
    )


def ask_with_pose(client: Client, image: np.ndarray) -> HandArray:
    """The answer to an image once the node knows the camera."""

    def located():
        client.publish('camera_info', camera_info_for(image))
        answer = client.ask(from_rgb(image, STAMPS.next()))
        return answer if answer.hands and answer.hands[0].has_pose else None

    return client.wait_for(located, 'hand with a pose')


def status_where(client: Client, condition):
    """The next diagnostic status that meets a condition."""
    client.diagnostics.clear()
    return client.wait_for(
        lambda: next(
            (s for m in client.diagnostics for s in m.status if condition(s)),
            None,
        ),
        'such a diagnostic status',
    )


def test_an_image_without_hands_is_answered_with_no_hands(client):
    image = empty_image()
    answer = client.ask(image)
    assert answer.header == image.header
    assert (answer.image_width, answer.image_height, answer.hands) == (320, 240, [])


def test_a_hand_is_answered_with_its_landmarks_side_and_pose(client, hand_image):
    answer = ask_with_pose(client, hand_image)
    (hand,) = answer.hands
    assert (hand.handedness, hand.state, hand.pose_source) == (
        Hand.RIGHT,
        Hand.TRACKED,
        Hand.HAND_SIZE,
    )
    assert hand.track_id > 0
    assert all(0 < point.x < 1 and 0 < point.y < 1 for point in hand.landmarks)
    assert max(abs(point.x) for point in hand.world_landmarks) < 0.15
    # The wrist lies on the ray on which it is seen.
    wrist, seen = hand.camera_landmarks[Hand.WRIST], hand.landmarks[Hand.WRIST]
    width = hand_image.shape[1]
    x_px = FOCAL_PX * wrist.x / wrist.z + width / 2
    assert x_px == pytest.approx(seen.x * width, abs=width / 10)
    assert 0.1 < wrist.z < 3
    position = hand.pose.pose.position
    assert (position.x, position.y, position.z) == pytest.approx((wrist.x, wrist.y, wrist.z))
    assert 0 < hand.reprojection_error_px < width / 10


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


def test_a_lost_hand_is_held_then_gone(client, hand_image):
    seen = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    (held,) = client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next())).hands
    assert (held.state, held.track_id) == (Hand.HELD, seen.track_id)
    assert held.landmarks == seen.landmarks
    later(1)
    assert client.ask(from_rgb(np.zeros_like(hand_image), STAMPS.next())).hands == []


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
def test_the_order_of_colours_does_not_matter(client, hand_image, encoding):
    answer = client.ask(from_rgb(hand_image, STAMPS.next(), encoding))
    assert len(answer.hands) == 1


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
    assert np.any(drawn != hand_image)


BAD_IMAGES = {
    'step too small': ({'step': 100}, 'step is 100'),
    'data too short': ({'data': b'\x00' * 99}, 'data has 99 bytes'),
    'no data': ({'data': b''}, 'data'),
    'unknown encoding': ({'encoding': 'rgb9'}, 'rgb9'),
    'no width': ({'width': 0}, 'width is 0'),
    'no height': ({'height': 0}, 'height is 0'),
}


@pytest.mark.parametrize(('fields', 'complaint'), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_a_bad_image_costs_only_itself_and_is_explained(client, fields, complaint):
    bad = empty_image(**fields)

    def explained():
        client.publish('image', bad)
        return status_where(client, lambda status: status.level == b'\x02')

    status = client.wait_for(explained, 'ERROR in the diagnostics')
    assert '/image' in status.message
    assert complaint in status.message
    assert client.ask(empty_image()).hands == []
    assert bad.header not in [answer.header for answer in client.hands]


@pytest.mark.parametrize('size', [(1, 1), (3840, 2160)])
def test_any_size_of_image_is_answered(client, size):
    answer = client.ask(empty_image(size))
    assert (answer.image_width, answer.image_height) == size


def test_a_camera_info_without_focal_length_leaves_the_2d_results(client, hand_image):
    ask_with_pose(client, hand_image)
    client.publish('camera_info', camera_info_for(hand_image, focal_px=0.0))

    def without_pose():
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
    assert ' d ' in status.message
    assert '2' in status.message


def test_stamps_that_run_backwards_begin_a_new_track(client, hand_image):
    before = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    later(-5)
    after = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
    later(5)
    assert after.state == Hand.TRACKED
    assert after.track_id != before.track_id


def test_the_diagnostics_count_every_image(client):
    client.ask(empty_image())

    def counts_add_up(status):
        values = {pair.key: pair.value for pair in status.values}
        ended = ['frames processed', 'frames dropped', 'frames with errors']
        return int(values['frames received']) == sum(int(values[key]) for key in ended)

    assert status_where(client, counts_add_up).name == 'hand_tracker: camera'


def test_a_parameter_changed_at_run_time_counts_from_the_next_image(client, hand_image):
    client.set_parameters(image_mirrored=True)
    answer = client.ask(from_rgb(hand_image, STAMPS.next()))
    client.set_parameters(image_mirrored=False)
    assert answer.hands[0].handedness == Hand.LEFT


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('max_num_hands', 0, 'max_num_hands'),
        ('pose_convention', 'enu', 'rep103, openxr, mano'),
        ('model_complexity', 0, 'read-only'),
        ('max_num_hands', 'two', 'type'),
    ],
)
def test_a_wrong_parameter_is_refused_with_the_reason(client, name, value, reason):
    (result,) = client.set_parameters(**{name: value})
    assert not result.successful
    assert reason in result.reason


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_node_ends_quietly_when_told_to(tmp_path, number):
    with NodeProcess(tmp_path) as node, Client(node) as client:
        client.wait_for_node()
        client.ask(empty_image())
        assert node.stop(number) == 0, node.text()
        assert 'Traceback' not in node.text()
        assert 'terminate called' not in node.text()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['-p', 'max_num_hands:=99'], 'max_num_hands'),
        (['-p', 'image_transport:=theora'], 'raw, compressed'),
        (['-p', 'max_num_hands:=two'], 'max_num_hands'),
        (['-p', 'model_directory:=/nowhere'], '/nowhere'),
    ],
)
def test_a_wrong_start_is_explained_in_one_line(tmp_path, arguments, complaint):
    with NodeProcess(tmp_path, *arguments) as node:
        assert node.wait() == 1
        assert complaint in node.text()
        assert 'Traceback' not in node.text()


def test_a_misspelt_parameter_is_named(tmp_path):
    with NodeProcess(tmp_path, '-p', 'max_hands:=1') as node, Client(node) as client:
        client.wait_for_node()
        assert 'no parameter max_hands; did you mean max_num_hands?' in node.text()


def test_compressed_images_are_tracked(tmp_path, hand_image):
    with NodeProcess(tmp_path, '-p', 'image_transport:=compressed') as node, Client(node) as client:
        client.wait_for_node('image/compressed')
        image = compressed_from_rgb(hand_image, STAMPS.next())
        assert len(client.ask(image, 'image/compressed').hands) == 1


def test_every_camera_has_its_own_topics_and_tracks(tmp_path, hand_image):
    with NodeProcess(tmp_path, '-p', 'cameras:=[front, back]') as node, Client(node) as client:
        client.listen(HandArray, 'hand_tracker/front/hands', client.hands)
        client.listen(HandArray, 'hand_tracker/back/hands', client.hands)
        for camera in ('front', 'back'):
            client.add_publisher(Image, f'{camera}/image')
        front = client.ask(from_rgb(hand_image, STAMPS.next()), 'front/image')
        back = client.ask(from_rgb(hand_image, STAMPS.next()), 'back/image')
    assert [len(front.hands), len(back.hands)] == [1, 1]
    assert [front.hands[0].track_id, back.hands[0].track_id] == [1, 1]


def test_a_namespace_moves_every_topic(tmp_path):
    with NodeProcess(tmp_path, '-r', '__ns:=/robot') as node, Client(node, '/robot') as client:
        client.wait_for_node()
        assert client.ask(empty_image()).hands == []


def depth_image(metres, stamp, encoding='32FC1') -> Image:
    """A depth image with the colour image's stamp."""
    data = metres.astype('<f4') if encoding == '32FC1' else (1000 * metres).astype('<u2')
    height, width = metres.shape
    image = Image(height=height, width=width, encoding=encoding, step=width * data.itemsize)
    image.header.stamp, image.header.frame_id = stamp, FRAME_ID
    image.data = data.tobytes()
    return image


@pytest.fixture
def depth_client(client):
    client.add_publisher(Image, 'depth')
    client.wait_for(lambda: client.node.count_subscribers('depth'), 'subscription to depth')
    return client


def ask_with_depth(client, hand_image, depth_m, encoding='32FC1', delay_s=0.0):
    """An answer to the hand's picture that followed a depth image."""
    ask_with_pose(client, hand_image)
    image = from_rgb(hand_image, STAMPS.next())
    stamp = STAMPS.later_stamp(delay_s)
    client.publish('depth', depth_image(depth_m, stamp, encoding))
    received = status_where(client, lambda status: True)
    assert received
    return client.ask(image)


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_depth_tells_the_distance(depth_client, hand_image, encoding):
    depth_m = np.full(hand_image.shape[:2], 0.8)
    answer = ask_with_depth(depth_client, hand_image, depth_m, encoding)
    assert answer.hands[0].pose_source == Hand.DEPTH
    assert answer.hands[0].pose.pose.position.z == pytest.approx(0.8, abs=0.06)


BAD_DEPTHS = {
    'only zeros': ({'depth_m': np.zeros((224, 224))}, 'empty'),
    'only NaN': ({'depth_m': np.full((224, 224), np.nan)}, 'empty'),
    'another shape': ({'depth_m': np.full((100, 224), 0.8)}, '224x100'),
    'too late': ({'depth_m': np.full((224, 224), 0.8), 'delay_s': 1.0}, 'depth_tolerance'),
}


@pytest.mark.parametrize(('depth', 'complaint'), BAD_DEPTHS.values(), ids=BAD_DEPTHS)
def test_depth_that_cannot_be_used_is_explained_and_size_is_used(
    depth_client, hand_image, depth, complaint
):
    later(10)  # no depth image of an earlier test is near
    answer = ask_with_depth(depth_client, hand_image, **depth)
    assert answer.hands[0].pose_source == Hand.HAND_SIZE
    status = status_where(depth_client, lambda status: complaint in status.message)
    assert '/depth' in status.message
    later(10)


def calibrate(client, images, **request):
    """Call the service, and send images until it answers."""
    service = client.node.create_client(CalibrateHand, 'hand_tracker/calibrate_hand')
    client.wait_for(service.service_is_ready, 'calibration service')
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
            client.ask(image)

        answer = calibrate(client, images, handedness=Hand.RIGHT)
        assert answer.success, answer.message
        assert 'right hand' in answer.message
        later(10)  # the depth images are too old now, but the length is known
        after = client.ask(from_rgb(hand_image, STAMPS.next())).hands[0]
        assert after.pose_source == Hand.HAND_SIZE
        assert after.pose.pose.position.z == pytest.approx(1.1 * before, rel=0.1)


def test_a_hand_that_cannot_be_measured_is_explained(client, hand_image):
    ask_with_pose(client, hand_image)
    answer = calibrate(client, lambda: client.ask(from_rgb(hand_image, STAMPS.next())))
    assert not answer.success
    assert 'distance_m' in answer.message
