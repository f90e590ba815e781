"""Camera images up to 4K get through Fast DDS, and are not copied more than they must be."""
# ruff: noqa: E402 (what the imports need is looked for first)

import array
import os
import shutil
import subprocess
import sys
import time
import tracemalloc
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

for package in ('rclpy', 'sensor_msgs', 'tf2_msgs'):
    pytest.importorskip(package, reason=f'needs ROS 2 ({package} is not installed)')

from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import Image

from hand_tracking_ros.ros.fast_dds import image_profile
from hand_tracking_ros.ros.image_conversion import depth_to_metres, to_rgb
from support.checkout import CHECKOUT

PROFILE = CHECKOUT / 'config' / 'fastdds_shm.xml'
IMAGE_LINK = CHECKOUT / 'test' / 'support' / 'image_link.py'
SHARED_MEMORY = Path('/dev/shm')
WIDTH_4K_PX, HEIGHT_4K_PX = 3840, 2160
IMAGE_4K_BYTES = 3 * WIDTH_4K_PX * HEIGHT_4K_PX
NUM_IN_FLIGHT = 4
# What Fast DDS splits messages into where UDP is among the transports.
FRAGMENT_BYTES = 65500
TIMEOUT_S = 60.0
VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def transports():
    """Settings of the profile's transports, by type."""
    namespace = '{http://www.eprosima.com}'
    found = {}
    for descriptor in ElementTree.parse(PROFILE).iter(f'{namespace}transport_descriptor'):
        settings = {element.tag.removeprefix(namespace): element.text for element in descriptor}
        found[settings['type']] = settings
    return found


def domain_without_leftovers():
    """A ROS domain without ports left by a killed process: Fast DDS would use them as they are."""
    left = {
        int(file.name.partition('_port')[2])
        for file in SHARED_MEMORY.glob('fast*_port*')
        if file.name.partition('_port')[2].isdigit()
    }
    for domain_id in (1 + (os.getpid() + number) % 101 for number in range(101)):
        first_port = 7400 + 250 * domain_id
        if left.isdisjoint(range(first_port, first_port + 250)):
            return domain_id
    pytest.skip('every ROS domain has ports left in /dev/shm; remove /dev/shm/fast*')


class LinkEnd:
    """One end of an image link, in a process of its own; a context manager."""

    def __init__(self, role, size_and_count, environment):
        self._command = [sys.executable, str(IMAGE_LINK), role, *map(str, size_and_count)]
        self._environment = environment

    def __enter__(self):
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._process

    def __exit__(self, *_exception):
        # In good order: a process that is killed leaves its shared memory behind.
        self._process.communicate(timeout=TIMEOUT_S)


def plain_environment():
    """As of a user who has chosen nothing, in a domain without leftovers."""
    chosen = (*VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS')
    environment = {name: value for name, value in os.environ.items() if name not in chosen}
    return environment | {'ROS_DOMAIN_ID': str(domain_without_leftovers())}


def received_images(width_px, height_px, count, receiver_environment=None):
    """The numbers of the images that arrive of so many sent at once, in their order."""
    if get_rmw_implementation_identifier() != 'rmw_fastrtps_cpp':
        pytest.skip('needs rmw_fastrtps_cpp, whose profile this is')
    num_bytes = 2 * int(transports()['SHM']['segment_size'])
    if shutil.disk_usage(SHARED_MEMORY).free < 1.1 * num_bytes:
        pytest.skip(f'needs {num_bytes / 1e6:.0f} MB in /dev/shm for two processes')
    environment = plain_environment()
    sender_environment = environment | {name: str(PROFILE) for name in image_profile(environment)}
    if receiver_environment is None:
        receiver_environment = sender_environment
    else:
        receiver_environment = environment | receiver_environment
    job = (width_px, height_px, count)
    with (
        LinkEnd('send', job, sender_environment) as sender,
        LinkEnd('receive', job, receiver_environment) as receiver,
    ):
        assert receiver.stdout.readline() == 'hearing\n'
        sender.stdin.write('go\n')
        sender.stdin.flush()
        return [int(number) for number in receiver.stdout.readline().split()]


def test_4k_images_wait_in_shared_memory_until_they_are_read():
    # At once: a receiver that gets no processor time meanwhile must lose none of them.
    received = received_images(WIDTH_4K_PX, HEIGHT_4K_PX, NUM_IN_FLIGHT)
    assert received == list(range(NUM_IN_FLIGHT))


def test_who_has_no_shared_memory_is_reached_too():
    assert received_images(64, 48, 1, {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}) == [0]


def test_the_shared_memory_holds_several_4k_images():
    assert int(transports()['SHM']['segment_size']) >= (NUM_IN_FLIGHT + 1) * IMAGE_4K_BYTES


def test_a_port_queues_as_much_as_the_shared_memory_holds():
    shared_memory = transports()['SHM']
    queue_bytes = int(shared_memory['port_queue_capacity']) * FRAGMENT_BYTES
    assert queue_bytes >= int(shared_memory['segment_size'])


def largest_shared_memory(process):
    """Bytes of a process's largest shared memory of Fast DDS."""
    shared = [
        line.split(maxsplit=1)[0].split('-')
        for line in Path(f'/proc/{process.pid}/maps').read_text().splitlines()
        if '/dev/shm/fast' in line
    ]
    return max((int(end, 16) - int(begin, 16) for begin, end in shared), default=0)


@pytest.mark.parametrize('program', ['hand_tracker', 'simulated_camera', 'video_publisher'])
def test_a_program_that_carries_images_needs_no_variable_for_it(tmp_path, program):
    if get_rmw_implementation_identifier() != 'rmw_fastrtps_cpp':
        pytest.skip('needs rmw_fastrtps_cpp, whose profile this is')
    arguments = ['simulated:still'] if program == 'video_publisher' else []
    process = subprocess.Popen(
        [sys.executable, '-m', 'hand_tracking_ros', program, *arguments],
        # It finds nobody, whose shared memory it would look into.
        env=plain_environment()
        | {'ROS_LOG_DIR': str(tmp_path), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'},
        cwd=tmp_path,
    )
    try:
        deadline_s = time.monotonic() + TIMEOUT_S
        while largest_shared_memory(process) < int(transports()['SHM']['segment_size']):
            assert process.poll() is None
            assert time.monotonic() < deadline_s, 'images do not fit into the shared memory'
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


@pytest.mark.parametrize(
    ('distribution', 'variable'),
    [('humble', 0), ('jazzy', 0), ('kilted', 1), ('rolling', 1)],
)
def test_each_fast_dds_gets_the_profile_by_the_variable_that_it_reads(distribution, variable):
    ((name, profile),) = image_profile({'ROS_DISTRO': distribution}).items()
    assert name == VARIABLES[variable]
    assert Path(profile).read_bytes() == PROFILE.read_bytes()


@pytest.mark.parametrize('name', [*VARIABLES, 'FASTDDS_BUILTIN_TRANSPORTS'])
def test_transports_that_the_user_chose_are_kept(name):
    assert image_profile({'ROS_DISTRO': 'jazzy', name: 'mine'}) == {}


def message(encoding, bytes_per_pixel, row_padding=0):
    """A VGA image; its rows may be longer than what they hold."""
    step = 640 * bytes_per_pixel + row_padding
    return Image(
        width=640,
        height=480,
        step=step,
        encoding=encoding,
        data=array.array('B', bytes(480 * step)),
    )


def bytes_allocated(convert, image):
    """The most memory that a conversion held at one time, and the size of its result."""
    convert(image)  # what is made once only is made here
    tracemalloc.start()
    result = convert(image)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak_bytes, result.nbytes


@pytest.mark.parametrize(
    ('convert', 'image'),
    [(to_rgb, message('rgb8', 3)), (depth_to_metres, message('32FC1', 4))],
)
def test_what_needs_no_conversion_is_not_copied(convert, image):
    assert np.shares_memory(convert(image), np.frombuffer(image.data, np.uint8))


@pytest.mark.parametrize('row_padding', [0, 5])
@pytest.mark.parametrize(
    ('encoding', 'bytes_per_pixel'), [('bgr8', 3), ('bgra8', 4), ('mono8', 1), ('yuyv', 2)]
)
def test_conversion_is_the_only_copy(encoding, bytes_per_pixel, row_padding):
    peak_bytes, result_bytes = bytes_allocated(
        to_rgb, message(encoding, bytes_per_pixel, row_padding)
    )
    assert peak_bytes < 1.1 * result_bytes


@pytest.mark.parametrize(
    ('convert', 'image'),
    [
        (to_rgb, message('rgb8', 3, row_padding=5)),
        (depth_to_metres, message('32FC1', 4, row_padding=4)),
        (depth_to_metres, message('16UC1', 2)),
    ],
)
def test_one_copy_makes_the_rest_usable(convert, image):
    peak_bytes, result_bytes = bytes_allocated(convert, image)
    assert peak_bytes < 1.1 * result_bytes
