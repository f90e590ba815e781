"""Cameras that share one processing thread: newest image each, in turn."""

import threading

from hand_tracking_ros.ros.latest_frames import LatestFrames


def test_the_newest_frame_of_a_camera_wins_and_the_replaced_one_is_told():
    frames = LatestFrames()
    assert [frames.put('front', number) for number in (1, 2, 3)] == [False, True, True]
    assert frames.take() == ('front', 3)
    assert not frames.put('front', 4)


def test_a_fast_camera_does_not_starve_a_slow_one():
    frames = LatestFrames()
    served = []
    frames.put('slow', 0)
    for number in range(6):
        for _ in range(5):
            frames.put('fast', number)
        camera, _ = frames.take()
        served.append(camera)
        if camera == 'slow':
            frames.put('slow', number)
    assert served == ['slow', 'fast'] * 3


def test_cameras_are_served_in_the_order_in_which_they_began_to_wait():
    frames = LatestFrames()
    for camera in ('a', 'b', 'c'):
        frames.put(camera, 1)
    frames.put('a', 2)  # newer, but it keeps its place
    assert [frames.take() for _ in range(3)] == [('a', 2), ('b', 1), ('c', 1)]


def test_a_frame_that_is_taken_back_is_told_and_not_served():
    frames = LatestFrames()
    frames.put('front', 1)
    frames.put('back', 2)
    assert [frames.remove('front') for _ in range(2)] == [True, False]
    assert frames.take() == ('back', 2)


def test_who_takes_waits_for_a_frame():
    frames = LatestFrames()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(frames.take()))
    thread.start()
    frames.put('front', 7)
    thread.join(timeout=5.0)
    assert taken == [('front', 7)]
