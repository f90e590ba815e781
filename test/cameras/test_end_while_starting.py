"""A signal ends a publisher at once while it still sets up its scenes, however long that takes."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

from support.camera_process import TIMEOUT_S

# Endless on a machine that is busy enough.
ENDLESS = """
import os, sys, time
from hand_tracking_ros import programs
from hand_tracking_ros.simulation import simulated_hand

def paint_skin(*_arguments):
    os.kill(os.getpid(), {number})
    time.sleep(10 * {timeout_s})

simulated_hand.paint_skin = paint_skin
sys.exit(programs.run('{program}', {arguments}))
"""


@pytest.mark.parametrize(
    ('program', 'arguments', 'number'),
    [
        ('video_publisher', ['simulated'], signal.SIGINT),
        ('simulated_camera', [], signal.SIGTERM),
    ],
)
def test_a_signal_ends_it_at_once_and_quietly(tmp_path, program, arguments, number):
    code = ENDLESS.format(
        program=program, arguments=arguments, number=int(number), timeout_s=TIMEOUT_S
    )
    result = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert result.returncode == 0, result.stdout
    assert 'Traceback' not in result.stdout
