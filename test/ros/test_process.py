"""A ROS process ends in order whenever it is told to, and however often."""

import os
import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 in this environment')

# Ctrl-C comes while the thread that serves callbacks starts.
AT_START = """
start = threading.Thread.start

def interrupted_start(thread):
    start(thread)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread.start = interrupted_start
"""
# `ros2 launch` passes on what the terminal has sent already.
ONCE_MORE = 'atexit.register(os.kill, os.getpid(), signal.SIGINT)\n'
RUN = """
from hand_tracking_ros.teleop import hand_teleop_node
sys.exit(hand_teleop_node.main([]))
"""


@pytest.mark.parametrize('moments', [AT_START, AT_START + ONCE_MORE], ids=['at start', 'twice'])
def test_an_interrupt_at_an_awkward_moment_ends_quietly(tmp_path, moments):
    code = 'import atexit, os, signal, sys, threading\n' + moments + RUN
    result = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path,
        env={**os.environ, 'ROS_LOG_DIR': str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert 'Traceback' not in result.stderr
