"""A ROS process ends in order whenever it is told to, and never lives on deaf."""

import os
import signal
import subprocess
import sys

import pytest

from hand_tracking_ros import programs
from hand_tracking_ros.command_line import EXIT_INTERNAL_ERROR, EXIT_USER_ERROR

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
# Ctrl-C comes while a module is imported.
AT_IMPORT = """
import importlib.abc, os, signal, sys
from hand_tracking_ros import programs

class Interruption(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == '{module}':
            os.kill(os.getpid(), signal.{signal})

sys.meta_path.insert(0, Interruption())
sys.exit(programs.run('{program}', []))
"""
# A node with a callback, and what its main thread does meanwhile.
NODE = """
import sys, threading
import rclpy
from rclpy.node import Node
from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.ros.process import ros_process, spinning, stop_on_signal

def callback():
    global calls
    calls += 1
    {callback}

calls = 0
def job():
    with ros_process(['patient']):
        node = Node('patient')
        node.create_timer(0.0005, callback)
        {main}

sys.exit(run_program(job))
"""
WAITING = 'with spinning(node): threading.Event().wait()'
WAITING_FOR_A_SIGNAL = 'with stop_on_signal() as stop, spinning(node): stop.wait()'


def run_code(folder, code):
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, '-c', code],
        cwd=folder,
        env={**os.environ, 'ROS_LOG_DIR': str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize('moments', [AT_START, AT_START + ONCE_MORE], ids=['at start', 'twice'])
def test_an_interrupt_at_an_awkward_moment_ends_quietly(tmp_path, moments):
    result = run_code(tmp_path, 'import atexit, os, signal, sys, threading\n' + moments + RUN)
    assert result.returncode == 0, result.stderr
    assert 'Traceback' not in result.stderr


@pytest.mark.parametrize(
    ('program', 'number', 'status'),
    [
        ('hand_tracker', 'SIGINT', 0),
        ('hand_tracker', 'SIGTERM', 0),
        ('process_media', 'SIGINT', 130),
        ('process_media', 'SIGTERM', 143),
    ],
)
@pytest.mark.parametrize('module', ['cv2', 'hand_tracking_ros.tracking.hand'])
def test_an_interrupt_during_imports_ends_quietly(tmp_path, module, program, number, status):
    code = AT_IMPORT.format(module=module, signal=number, program=program)
    result = run_code(tmp_path, code)
    assert (result.returncode, result.stderr) == (status, '')


def test_an_interrupt_between_imports_and_node_ends_quietly(tmp_path):
    code = AT_IMPORT.format(module='never', signal='SIGINT', program='hand_tracker')
    early = 'import argparse\n'
    early += 'argparse.ArgumentParser = lambda **_: os.kill(os.getpid(), signal.SIGINT)\n'
    result = run_code(tmp_path, code.replace('sys.exit', early + 'sys.exit'))
    assert (result.returncode, result.stderr) == (0, '')


@pytest.mark.parametrize('program', ['hand_teleop', 'process_media'])
def test_signals_are_as_before_once_a_program_was_imported_and_not_run(program):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        programs.run(program, ['--help'])
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize('main', [WAITING, WAITING_FOR_A_SIGNAL], ids=['waiting', 'for a signal'])
def test_a_callback_that_raises_ends_the_process_with_an_exit_code_of_its_own(tmp_path, main):
    callback = "if calls == 3: raise ValueError('a bug')"
    result = run_code(tmp_path, NODE.format(callback=callback, main=main))
    assert result.returncode == EXIT_INTERNAL_ERROR
    assert '[ERROR]' in result.stderr
    assert 'ValueError: a bug' in result.stderr  # with the traceback that a report needs
    assert result.stderr.splitlines()[-1].startswith('error: internal error (ValueError: a bug)')


def test_a_main_thread_that_raises_ends_the_process_with_that_exit_code(tmp_path):
    main = "with spinning(node): raise ValueError('a bug')"
    result = run_code(tmp_path, NODE.format(callback='', main=main))
    assert result.returncode == EXIT_INTERNAL_ERROR
    assert '[ERROR]' in result.stderr


def test_a_node_that_the_middleware_refuses_is_explained_without_a_traceback(tmp_path):
    refused = "raise rclpy_implementation.RCLError('error creating node: no security')"
    code = 'from rclpy.impl.implementation_singleton import rclpy_implementation\n'
    result = run_code(tmp_path, code + NODE.format(callback='', main=refused))
    assert result.returncode == EXIT_USER_ERROR
    assert result.stderr.startswith('error: ROS: error creating node: no security.')
    assert 'Traceback' not in result.stderr


def test_waking_up_for_callbacks_leaves_nothing_in_memory(tmp_path):
    callback = 'if calls % 2000 == 0: blocks.append(sys.getallocatedblocks())'
    main = 'with spinning(node):\n            while len(blocks) < 2: time.sleep(0.1)'
    code = 'import time\nblocks = []\n' + NODE.format(callback=callback, main=main)
    code = code.replace('sys.exit(run_program(job))', 'run_program(job)\n')
    result = run_code(tmp_path, code + 'print(blocks[1] - blocks[0])')
    assert int(result.stdout) < 1000, result.stderr
