"""The log says each thing that is wrong once when it begins and once when it is over."""

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from diagnostic_msgs.msg import DiagnosticStatus

from hand_tracking_ros.ros.notices import (
    MAX_KINDS,
    REPEAT_S,
    SETTLED_S,
    ErrorLog,
    Finding,
    FindingLog,
)


def finding(text, recovered='well again'):
    return Finding(DiagnosticStatus.WARN, text, recovered)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def log(lines):
    return FindingLog(
        lambda text: lines.append(('warn', text)), lambda t: lines.append(('info', t))
    )


def test_what_goes_on_is_said_once_whatever_its_numbers(log, lines):
    for second in range(10):
        log.update([finding(f'{second} of {2.5 * second} images lost')], second)
    assert lines == [('warn', '0 of 0.0 images lost')]


def test_what_is_over_is_said_once_it_has_settled(log, lines):
    log.update([finding('lost')], 0.0)
    log.update([], SETTLED_S - 0.1)
    assert lines == [('warn', 'lost')]
    log.update([], SETTLED_S)
    log.update([], SETTLED_S + 1)
    assert lines[1:] == [('info', 'well again')]


def test_what_comes_and_goes_is_said_once(log, lines):
    for second in range(10):
        log.update([finding('lost')] if second % 2 else [], second)
    assert lines == [('warn', 'lost')]


def test_what_comes_again_after_its_end_is_said_again(log, lines):
    for second in (0.0, 10.0, 20.0, 30.0):
        log.update([finding('lost')] if second in (0.0, 20.0) else [], second)
    assert [kind for kind, _ in lines] == ['warn', 'info', 'warn', 'info']


def test_one_problem_in_changing_words_is_over_once(log, lines):
    log.update([finding('no calibration')], 0.0)
    log.update([finding('fx is 0')], 1.0)
    for second in range(2, 10):
        log.update([], second)
    assert lines == [('warn', 'no calibration'), ('warn', 'fx is 0'), ('info', 'well again')]


def test_what_the_log_has_from_elsewhere_is_not_repeated(log, lines):
    log.update([finding('a bad image', recovered='')], 0.0)
    log.update([], 10.0)
    assert lines == []


@pytest.fixture
def errors(lines):
    return ErrorLog(lines.append)


def test_different_errors_do_not_silence_each_other(errors, lines):
    for second in (0.0, 1.0):
        errors.add('/image: step is 100', second)
        errors.add('/image: encoding rgb9', second)
    assert lines == ['/image: step is 100', '/image: encoding rgb9']


def test_the_same_error_with_other_numbers_waits_and_is_repeated_then(errors, lines):
    errors.add('step is 100', 0.0)
    errors.add('step is 200', REPEAT_S - 0.1)
    assert lines == ['step is 100']
    errors.add('step is 300', REPEAT_S)
    assert lines == ['step is 100', 'step is 300']


def test_whoever_invents_errors_does_not_fill_the_log(errors, lines):
    for letter in 'abcdefghijklmnopqrstuvwxyz':
        errors.add(f'encoding {letter}', 0.0)
    assert len(lines) == MAX_KINDS
