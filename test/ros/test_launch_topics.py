"""Topics that the launch file's arguments about cameras mean."""

import pytest

from hand_tracking_ros.ros.launch_topics import camera_topics, topics_of_cameras
from hand_tracking_ros.tracking.errors import UserError


def topics(cameras='', image_topic='image_raw', camera_info_topic='', depth_topic=''):
    return topics_of_cameras(cameras, image_topic, camera_info_topic, depth_topic)


@pytest.mark.parametrize(
    ('image_topic', 'camera_info_topic'),
    [
        ('/image_raw', '/camera_info'),
        ('image_raw', 'camera_info'),
        ('/camera/camera/color/image_raw', '/camera/camera/color/camera_info'),
    ],
)
def test_the_calibration_is_looked_for_beside_the_images(image_topic, camera_info_topic):
    assert camera_topics(image_topic, '', '')['camera_info'] == camera_info_topic


def test_a_calibration_topic_that_is_given_counts():
    assert camera_topics('/a/image_raw', '/b/info', '')['camera_info'] == '/b/info'


def test_depth_has_its_calibration_beside_it():
    found = camera_topics('/a/image_raw', '', '/a/aligned_depth/image_raw')
    assert found['depth'] == '/a/aligned_depth/image_raw'
    assert found['depth/camera_info'] == '/a/aligned_depth/camera_info'


def test_without_names_there_is_one_camera():
    assert topics(image_topic='/a/image_raw') == {
        '': {
            'image': '/a/image_raw',
            'image/compressed': '/a/image_raw/compressed',
            'camera_info': '/a/camera_info',
        }
    }


def test_the_topics_of_a_camera_with_nothing_but_a_name_lie_below_it():
    found = topics(
        'front, wrist', 'color/image_raw', depth_topic='aligned_depth_to_color/image_raw'
    )
    assert list(found) == ['front', 'wrist']
    assert found['wrist'] == {
        'image': 'wrist/color/image_raw',
        'image/compressed': 'wrist/color/image_raw/compressed',
        'camera_info': 'wrist/color/camera_info',
        'depth': 'wrist/aligned_depth_to_color/image_raw',
        'depth/camera_info': 'wrist/aligned_depth_to_color/camera_info',
    }


def test_every_camera_may_have_topics_of_its_own():
    found = topics('front:=/head/rgb/image,front/depth:=/head/depth/image,usb,usb/camera_info:=/c')
    assert found['front'] == {
        'image': '/head/rgb/image',
        'image/compressed': '/head/rgb/image/compressed',
        'camera_info': '/head/rgb/camera_info',
        'depth': '/head/depth/image',
        'depth/camera_info': '/head/depth/camera_info',
    }
    assert found['usb']['image'] == 'usb/image_raw'
    assert found['usb']['camera_info'] == '/c'
    assert 'depth' not in found['usb']


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        ({'cameras': 'front-left'}, "'front-left' is none of NAME"),
        ({'cameras': 'front,'}, "'' is none of NAME"),
        ({'cameras': 'front:='}, "'front:=' is none of NAME"),
        ({'cameras': 'front/depth'}, "'front/depth' is none of NAME"),
        ({'cameras': 'front/rgb:=/a'}, "'front/rgb:=/a' is none of NAME"),
        ({'cameras': '/front/image_raw'}, "'/front/image_raw' is none of NAME"),
        ({'cameras': 'front,front'}, 'names front/image twice'),
        ({'cameras': 'front', 'image_topic': '/image_raw'}, 'to mean front/image_raw and so on'),
        ({'cameras': 'front', 'depth_topic': '/depth'}, "depth_topic is '/depth'"),
        ({'cameras': 'front', 'camera_info_topic': '/info'}, 'NAME/camera_info:=/info'),
        ({'cameras': 'front:=/a/compressed'}, 'image_transport:=compressed'),
        ({'image_topic': '/'}, 'names no topic'),
    ],
)
def test_wrong_arguments_are_refused_with_what_to_write(arguments, complaint):
    with pytest.raises(UserError, match=complaint):
        topics(**arguments)
