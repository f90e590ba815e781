"""One tracker of the benchmark in a process of its own: takes frames, tracks them, takes the time.

The same file runs under the Python of each tracker, so that all do the same work around it and
differ in the tracker alone. It therefore imports nothing of this package but our tracker itself,
and only where that is timed: python worker.py TRACKER FRAMES OPTIONS_AS_JSON

Each line of standard input asks for a number of frames; the answer is one line of JSON on standard
output, `{"times_ms": [...], "processor_ms": [...], "hands": [...], "peak_memory_mb": ...}`, one
entry per frame, fewer than asked where a video ends. Processor time is that of all threads. The
first line answered, before any is asked, says what is running. `{"error": "..."}` says that the
worker cannot go on. The end of standard input ends it.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from contextlib import nullcontext
from types import SimpleNamespace

import cv2
import numpy as np

FALLBACK_RATE_HZ = 30.0
DEFAULTS = {
    'max_num_hands': 2,
    'model_complexity': 1,
    'static': False,  # every frame by itself
    'beside_mirror_image': False,  # of each frame, to have two hands
    'pace_hz': 0.0,  # frames tracked per second; 0: one after the other
    'execution_provider': 'cpu',  # of ours
    'precision': 'fp32',  # of ours
    'as_mediapipe': False,  # ours: no tiles, one pass
    'task': '',  # networks of tasks
}


def our_tracker(options):
    """Return a function (rgb, stamp_s) -> hands that runs our tracker, and what it is.

    Without the hands that are only held: MediaPipe reports none that it has not seen in this
    image.
    """
    from hand_tracking_ros.tracking import HandModels, HandTracker, TrackerOptions, TrackingState

    settings = {'max_num_hands': options.max_num_hands, 'static_image_mode': options.static}
    if options.as_mediapipe:
        settings.update(detection_tiles='1x1', landmark_passes=1)
    models = HandModels.load(
        options.model_complexity,
        execution_provider=options.execution_provider,
        precision=options.precision,
    )
    tracker = HandTracker(TrackerOptions(**settings), models)

    def track(rgb, stamp_s):
        hands = tracker.track(rgb, stamp_s)
        return [hand for hand in hands if hand.state == TrackingState.TRACKED]

    return track, {'execution_provider': models.execution_provider, 'warning': models.warning}


def legacy_tracker(options):
    """Return a function (rgb, stamp_s) -> hands that runs `mp.solutions.hands`, and what it is.

    Its options are its defaults, which are ours. It counts frames by itself and needs no stamp.
    """
    import mediapipe

    hands = mediapipe.solutions.hands.Hands(
        static_image_mode=options.static,
        max_num_hands=options.max_num_hands,
        model_complexity=options.model_complexity,
    )
    about = {'mediapipe': getattr(mediapipe, '__version__', '')}
    return lambda rgb, stamp_s: hands.process(rgb).multi_hand_landmarks or (), about


def tasks_tracker(options):
    """Return a function (rgb, stamp_s) -> hands that runs MediaPipe's HandLandmarker."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    mode = vision.RunningMode.IMAGE if options.static else vision.RunningMode.VIDEO
    landmarker = vision.HandLandmarker.create_from_options(
        vision.HandLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=options.task),
            running_mode=mode,
            num_hands=options.max_num_hands,
        )
    )

    def track(rgb, stamp_s):
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb)
        if options.static:
            return landmarker.detect(image).hand_landmarks
        return landmarker.detect_for_video(image, round(stamp_s * 1000)).hand_landmarks

    return track, {'mediapipe': mediapipe.__version__}


TRACKERS = {'ours': our_tracker, 'legacy': legacy_tracker, 'tasks': tasks_tracker}


def memory_mb(field, pid='self'):
    """Return a field of /proc/<pid>/status in MB (10^6 bytes); VmHWM is the most ever resident.

    Not getrusage(): its peak includes the process that started this one.
    """
    with open(f'/proc/{pid}/status') as status:
        for line in status:
            if line.startswith(f'{field}:'):
                return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f'/proc/{pid}/status has no {field}')


def back_and_forth(number):
    """Return 0 to number - 1 and back to 1: repeated, motion without a jump."""
    return [*range(number), *range(number - 2, 0, -1)]


def decoded(capture):
    """Yield the RGB frames of a video."""
    while True:
        is_read, bgr = capture.read()
        if not is_read:
            return
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def open_frames(path, beside_mirror_image):
    """Return an iterator over RGB images and their rate in Hz.

    Args:
        path: a video; or .npy: frames that are shown back and forth without end; or .npz: pictures
            of different sizes, one after the other without end.
        beside_mirror_image: of the video, to have two hands.
    """
    if path.endswith('.npz'):
        with np.load(path) as archive:
            return itertools.cycle([archive[name] for name in archive.files]), FALLBACK_RATE_HZ
    if path.endswith('.npy'):
        clip = np.load(path)
        order = itertools.cycle(back_and_forth(len(clip)))
        return (clip[index] for index in order), FALLBACK_RATE_HZ
    capture = cv2.VideoCapture(path)
    frames = decoded(capture)
    if beside_mirror_image:
        frames = (cv2.hconcat([rgb, cv2.flip(rgb, 1)]) for rgb in frames)
    return frames, capture.get(cv2.CAP_PROP_FPS) or FALLBACK_RATE_HZ


def time_tracking(track, frames, interval_s):
    """Track frames and return what that took.

    Args:
        track: (rgb, stamp_s) -> hands.
        frames: pairs of stamp in s and RGB image.
        interval_s: a frame is tracked no sooner than this after the last one.
    """
    times_ms, processor_ms, hands = [], [], []
    due_s = time.perf_counter()
    for stamp_s, rgb in frames:
        # MediaPipe copies a picture that could still change under it.
        rgb.flags.writeable = False
        time.sleep(max(0.0, due_s - time.perf_counter()))
        due_s += interval_s
        start_ns, processor_start_ns = time.perf_counter_ns(), time.process_time_ns()
        found = track(rgb, stamp_s)
        times_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
        processor_ms.append((time.process_time_ns() - processor_start_ns) / 1e6)
        hands.append(len(found))
    return {
        'times_ms': times_ms,
        'processor_ms': processor_ms,
        'hands': hands,
        'peak_memory_mb': memory_mb('VmHWM'),
    }


def start_worker(tracker, path, options):
    """Return what is running, and a function from a line to its answer.

    Args:
        tracker: its name in TRACKERS.
        path: of what it is shown.
        options: those of DEFAULTS that are others.
    """
    options = SimpleNamespace(**{**DEFAULTS, **options})
    # A decoder with threads of its own would work ahead while the tracker is being timed.
    os.environ['OPENCV_FFMPEG_THREADS'] = '1'
    track, about = TRACKERS[tracker](options)
    images, rate_hz = open_frames(path, options.beside_mirror_image)
    frames = ((index / rate_hz, rgb) for index, rgb in enumerate(images))
    interval_s = 1.0 / options.pace_hz if options.pace_hz else 0.0
    about.update(python=sys.version.split()[0], numpy=np.__version__, opencv=cv2.__version__)
    return about, lambda request: time_tracking(
        track, itertools.islice(frames, int(request)), interval_s
    )


def serve(start):
    """Answer the lines of standard input until there are no more, or one cannot be answered.

    Answers alone go to standard output; whatever a library prints there goes to standard error.

    Args:
        start: returns a context manager, which gives the first line to say, and a function from a
            line to its answer.

    Returns:
        The exit status of the program.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), 'w')
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(message):
        print(json.dumps(message), file=answers, flush=True)

    try:
        with start() as (about, work):
            answer(about)
            for request in sys.stdin:
                answer(work(request.strip()))
    except Exception as error:  # whatever it is, the benchmark has to hear of it
        answer({'error': f'{type(error).__name__}: {error}'})
        return 1
    return 0


def main():
    tracker, path, options = sys.argv[1:]
    return serve(lambda: nullcontext(start_worker(tracker, path, json.loads(options))))


if __name__ == '__main__':
    sys.exit(main())
