"""The topics that the launch file's arguments name: of one camera, or of several with names.

Imports neither launch nor messages, so that it can be tried without them.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hand_tracking_ros.tracking.errors import UserError

# What the node calls the inputs that may be given.
IMAGE, CAMERA_INFO, DEPTH = 'image', 'camera_info', 'depth'
_NAME = re.compile('[A-Za-z][A-Za-z0-9_]*')
_FORMS = 'NAME, NAME:=IMAGE_TOPIC, NAME/camera_info:=TOPIC or NAME/depth:=TOPIC'
_EXAMPLE = 'cameras:=front,wrist:=/wrist_camera/image_raw'


def topics_of_cameras(
    cameras: str, image_topic: str, camera_info_topic: str, depth_topic: str
) -> dict[str, dict[str, str]]:
    """The inputs of every camera as the node calls them, each with its topic.

    Args:
        cameras: empty for one camera without a name. Else, with commas between them, NAME or
            NAME:=IMAGE_TOPIC of each, and NAME/camera_info:=TOPIC, NAME/depth:=TOPIC where needed.
        image_topic: of the camera without a name; of a camera with a name but no topic, below
            its name.
        camera_info_topic: of the camera without a name; empty for camera_info beside its images.
        depth_topic: as image_topic; empty for the node's own name for it.

    Returns:
        By the name of the camera, '' for the one without, in the order given.

    Raises:
        UserError: an argument is wrong.
    """
    if not cameras.strip():
        return {'': camera_topics(image_topic, camera_info_topic, depth_topic)}
    if camera_info_topic:
        raise UserError(
            f"camera_info_topic is '{camera_info_topic}', but the cameras have names; write "
            f'NAME/camera_info:={camera_info_topic} into cameras for the one that it belongs to'
        )
    return {
        name: camera_topics(
            given.get(IMAGE) or _below(name, 'image_topic', image_topic),
            given.get(CAMERA_INFO, ''),
            given.get(DEPTH) or _below(name, 'depth_topic', depth_topic),
        )
        for name, given in _parse(cameras).items()
    }


def camera_topics(image_topic: str, camera_info_topic: str, depth_topic: str) -> dict[str, str]:
    """The inputs of one camera; a calibration lies beside its images unless it is named.

    Raises:
        UserError: image_topic is not the name of a topic of images.
    """
    if image_topic.endswith('/compressed'):
        raw_topic = image_topic.removesuffix('/compressed')
        raise UserError(
            f"image_topic is '{image_topic}'; for compressed images give image_topic:={raw_topic} "
            'image_transport:=compressed'
        )
    if not image_topic.strip('/'):
        raise UserError(f"image_topic is '{image_topic}', which names no topic")
    topics = {
        IMAGE: image_topic,
        f'{IMAGE}/compressed': f'{image_topic}/compressed',
        CAMERA_INFO: camera_info_topic or _camera_info_beside(image_topic),
    }
    if depth_topic:
        topics[DEPTH] = depth_topic
        topics[f'{DEPTH}/camera_info'] = _camera_info_beside(depth_topic)
    return topics


def _camera_info_beside(topic: str) -> str:
    """As image_transport has it."""
    return str(PurePosixPath(topic).with_name('camera_info'))


def _below(name: str, argument: str, topic: str) -> str:
    """The topic of a camera for which none was given."""
    if topic.startswith('/'):
        raise UserError(
            f"{argument} is '{topic}', but the cameras have names; leave out its leading slash to "
            f'mean {name}{topic} and so on, or write the topics into cameras: {_EXAMPLE}'
        )
    return topic and f'{name}/{topic}'


def _parse(cameras: str) -> dict[str, dict[str, str]]:
    """The topics that are given, by camera and input; empty where only the name is."""
    found: dict[str, dict[str, str]] = {}
    for entry in cameras.split(','):
        key, is_given, topic = (part.strip() for part in entry.partition(':='))
        name, has_input, input_name = key.partition('/')
        input_name = input_name if has_input else IMAGE
        is_known = input_name in (IMAGE, CAMERA_INFO, DEPTH)
        has_topic = bool(topic) or not (is_given or has_input)
        if not (_NAME.fullmatch(name) and is_known and has_topic):
            raise UserError(
                f"cameras is '{cameras}', in which '{entry.strip()}' is none of {_FORMS}; "
                f'expected something like {_EXAMPLE}'
            )
        given = found.setdefault(name, {})
        if input_name in given:
            raise UserError(f"cameras is '{cameras}', which names {name}/{input_name} twice")
        given[input_name] = topic
    return found
