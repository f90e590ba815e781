"""What is wrong with a camera, told from the counts and times of its images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from diagnostic_msgs.msg import DiagnosticStatus

from hand_tracking_ros.ros.diagnostics import to_status
from hand_tracking_ros.ros.findings import Circumstances, findings
from hand_tracking_ros.ros.image_statistics import CameraStatistics
from hand_tracking_ros.tracking.hand import TrackingState
from hand_tracking_ros.tracking.networks.model_checksum import ModelFile
from hand_tracking_ros.tracking.timings import Timings
from support.synthetic_hand import hand_points, hand_seen

WARN, ERROR, STALE = DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE
FRAME_S = 1 / 30
NOW_S = 1e9  # of the stamps' clock; the steady one starts at 0
HERE = Circumstances('/image', publishers=['/camera'], transport_remedy='set the profile')


HAND = hand_seen(np.zeros((21, 2)), (640, 480), hand_points())  # without a pose


class Stream:
    """A camera's images, one after the other in steady time."""

    def __init__(self):
        self.statistics = CameraStatistics(0.0)
        self.now_s = 0.0

    def image(self, stamp_s=None, hands=(), latency_s=0.02, is_calibrated=True, fate='processed'):
        self.now_s += FRAME_S
        self.statistics.count_received(
            NOW_S + self.now_s if stamp_s is None else stamp_s, self.now_s
        )
        if fate == 'dropped':
            self.statistics.count_dropped()
        elif fate == 'processed':
            self.statistics.count_processed(
                hands, latency_s, 0.01, Timings(0.004, 0.003), is_calibrated
            )

    def images(self, count, **fields):
        for _ in range(count):
            self.image(**fields)

    def found(self, circumstances=HERE, later_s=0.0):
        """Level and text of all that is wrong."""
        self.now_s += later_s
        snapshot = self.statistics.snapshot(self.now_s)
        return [(f.level, f.text) for f in findings(snapshot, circumstances)]

    def status(self, circumstances=HERE):
        snapshot = self.statistics.snapshot(self.now_s)
        return to_status('name', snapshot, circumstances, findings(snapshot, circumstances))


def values(status):
    return {pair.key: pair.value for pair in status.values}


@pytest.fixture
def stream():
    stream = Stream()
    stream.images(60)
    assert stream.found() == []  # else a test below shows nothing
    return stream


def test_a_camera_without_a_first_image_is_stale_after_image_timeout():
    stream = Stream()
    assert stream.found() == [(WARN, 'no images on /image yet')]
    assert stream.found(later_s=3.1) == [(STALE, 'no images on /image yet')]


def test_a_camera_that_stops_is_stale_after_image_timeout_and_recovers(stream):
    assert stream.found(later_s=2.9) == []
    ((level, text),) = stream.found(later_s=0.2)
    assert level == STALE
    assert text.startswith('no images on /image for 3.1 s, expected one at least every 3 s')
    stream.image()
    assert stream.found() == []


def test_a_longer_image_timeout_lets_slow_cameras_be(stream):
    assert stream.found(replace(HERE, image_timeout_s=10.0), later_s=9.0) == []


def test_a_camera_that_is_activated_again_has_image_timeout_to_begin(stream):
    stream.now_s += 100
    stream.statistics.begin(stream.now_s)
    assert stream.found(later_s=1.0) == []


def test_a_bad_image_is_an_error_until_the_next_report(stream):
    stream.image(fate='none')
    stream.statistics.count_error('/image: step is 100')
    assert stream.found() == [(ERROR, '/image: step is 100')]
    assert stream.found() == []


def test_dropped_images_are_a_warning_with_both_numbers_and_recover(stream):
    for _ in range(30):
        stream.image(fate='dropped')
        stream.image()
    ((level, text),) = stream.found()
    assert level == WARN
    assert '30 of 120 images on /image were dropped in the last 5 s' in text
    assert 'the camera sends 30.0 Hz' in text
    for _ in range(6):
        stream.images(30)
        found = stream.found()
    assert found == []


def test_a_single_dropped_image_is_no_warning(stream):
    stream.image(fate='dropped')
    assert stream.found() == []


def test_images_lost_in_transport_are_a_warning_with_count_and_remedy_and_recover(stream):
    stream.statistics.count_lost(40)
    ((level, text),) = stream.found()
    assert level == WARN
    assert '40 of 100 images on /image were lost in transport in the last 5 s' in text
    assert '(40 since the start): set the profile' in text
    for _ in range(6):
        stream.images(30)
        found = stream.found()
    assert found == []
    assert values(stream.status())['frames lost in transport'] == '40'


def test_latency_beyond_the_limit_is_a_warning_with_its_share_of_processing_and_recovers(stream):
    stream.images(20, latency_s=0.7)
    ((level, text),) = stream.found()
    assert level == WARN
    assert 'hands come 700 ms after the stamp of their image' in text
    assert 'at most 500 (parameter max_latency); 10 ms of it are processing' in text
    stream.images(20)
    assert stream.found() == []


@pytest.mark.parametrize(
    ('age_s', 'words'),
    [(7 * 3600, '7.0 h before'), (-0.5, '0.5 s after'), (-3 * 86400, '3.0 days after')],
)
def test_stamps_of_another_clock_are_a_warning_that_names_use_sim_time(stream, age_s, words):
    stream.image(latency_s=age_s)
    ((level, text),) = stream.found()
    assert level == WARN
    assert f'stamps of /image are {words} this computer' in text
    assert 'use_sim_time:=true' in text
    stream.image()
    assert stream.found() == []


def test_simulated_time_without_a_clock_is_a_warning(stream):
    ((level, text),) = stream.found(replace(HERE, uses_sim_time=True, is_clock_running=False))
    assert level == WARN
    assert 'no time on /clock' in text


def test_stamps_that_run_backwards_are_counted_and_a_warning_that_recovers(stream):
    stream.image(stamp_s=NOW_S - 1)
    ((level, text),) = stream.found()
    assert level == WARN
    assert 'ran backwards 1 times' in text
    for _ in range(6):
        stream.images(30)
        found = stream.found()
    assert found == []
    assert values(stream.status())['frames with stamps running backwards'] == '1'


def test_hands_that_are_not_finite_are_counted(stream):
    for number in (0, 2, 1):
        stream.statistics.count_not_finite(number)
        stream.image()
    assert values(stream.status())['hands not finite'] == '3'


def test_two_publishers_are_a_warning_that_names_them(stream):
    ((level, text),) = stream.found(replace(HERE, publishers=['/camera', '/player']))
    assert level == WARN
    assert text.startswith('2 publishers on /image (/camera, /player)')


def test_hands_that_never_get_a_pose_from_a_calibration_are_a_warning(stream):
    circumstances = replace(HERE, calibration_topic='/camera_info')
    stream.images(9, hands=[HAND])
    assert stream.found(circumstances) == []
    stream.image(hands=[HAND])
    ((level, text),) = stream.found(circumstances)
    assert level == WARN
    assert 'no pose although /camera_info has a calibration' in text


def test_hands_that_are_not_expected_to_have_a_pose_are_no_warning(stream):
    stream.images(20, hands=[HAND], is_calibrated=False)
    stream.images(20, hands=[replace(HAND, state=TrackingState.HELD)])
    assert stream.found() == []


@pytest.mark.parametrize('field', ['provider_warning', 'input_warning', 'frame_warning'])
def test_what_others_warn_of_is_a_warning(stream, field):
    assert stream.found(replace(HERE, **{field: 'text'})) == [(WARN, 'text')]


def test_the_level_is_the_worst_and_the_message_says_everything(stream):
    stream.statistics.count_error('bad')
    status = stream.status(replace(HERE, input_warning='no calibration'))
    assert (status.level, status.message) == (ERROR, 'bad; no calibration')


@pytest.mark.parametrize(('count', 'text'), [(0, '0 hands'), (1, '1 hand'), (2, '2 hands')])
def test_hands_are_counted_in_english(stream, count, text):
    stream.image(hands=[HAND] * count, is_calibrated=False)
    status = stream.status()
    assert (status.level, status.message) == (DiagnosticStatus.OK, text)


def test_the_values_have_units_and_are_those_of_the_last_images(stream):
    stream.found()
    stream.images(40, latency_s=0.1)
    stream.now_s += 0.5
    files = [ModelFile(name, Path(name), 64 * 'a') for name in ('palm_x', 'hand_x')]
    shown = values(
        stream.status(replace(HERE, model_files=files, num_tracks=3, calibration='c', depth='d'))
    )
    assert float(shown['rate (Hz)']) == pytest.approx(40 / (40 * FRAME_S + 0.5), abs=0.1)
    assert shown['camera rate (Hz)'] == '30.0'
    assert shown['age of newest image (s)'] == '0.5'
    assert shown['latency from stamp to result (ms)'] == '20.0'
    assert shown['latency from stamp to result, p95 (ms)'] == '100.0'
    assert shown['processing time (ms)'] == '10.0'
    assert (shown['detection time (ms)'], shown['landmark time (ms)']) == ('4.0', '3.0')
    assert shown['palm detector'] == f'palm_x, sha256 {64 * "a"}'
    assert shown['landmark model'] == f'hand_x, sha256 {64 * "a"}'
    assert (shown['tracks'], shown['calibration'], shown['depth']) == ('3', 'c', 'd')
    assert shown['publishers'] == '/camera'


def test_every_image_is_counted_in_one_place():
    stream = Stream()
    stream.images(3)
    stream.image(fate='dropped')
    stream.image(fate='none')
    stream.statistics.count_error('bad')
    shown = values(stream.status())
    counts = ('received', 'processed', 'dropped', 'with errors')
    assert [shown[f'frames {name}'] for name in counts] == ['5', '3', '1', '1']
    assert shown['last error'] == 'bad'


def test_the_rate_of_a_camera_survives_pauses_and_repeated_stamps():
    stream = Stream()
    stream.images(20)
    stream.now_s += 60
    stream.images(20)
    stream.image(stamp_s=NOW_S + stream.now_s)
    assert values(stream.status())['camera rate (Hz)'] == '30.0'
