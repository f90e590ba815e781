"""Signals end programs in order, whatever they interrupt."""

import subprocess
import sys
import threading

from hand_tracking_ros.signals import StopRequest

# With a threading.Event it hangs after some rounds: set() waits for the lock that wait() holds.
ROUNDS = """
import signal
from hand_tracking_ros.signals import StopRequest
for number in range(3000):
    stop = StopRequest()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, 5e-5 + number * 1e-8)
    while not stop.is_set():
        stop.wait(1e-6)
"""


def test_a_signal_in_the_middle_of_waiting_stops_the_wait(tmp_path):
    subprocess.run([sys.executable, '-c', ROUNDS], cwd=tmp_path, timeout=60, check=True)


def test_a_request_wakes_who_waits_and_stays():
    stop = StopRequest()
    assert not stop.wait(0.0) and not stop.is_set()
    thread = threading.Timer(0.01, stop.set)
    thread.start()
    assert stop.wait() and stop.wait(0.0) and stop.is_set()
    thread.join()
    stop.set()
    assert stop.is_set()
