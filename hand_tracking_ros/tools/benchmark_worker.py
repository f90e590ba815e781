"""One side of the benchmark in a process of its own: decodes the video, tracks, times the tracking.

The same file runs under the Python of each side, so that both do the same work around the tracker
and differ in the tracker alone. It therefore imports nothing of this package but the tracker
itself, and only on our side.

Each line of standard input asks for a number of frames; the answer is one line of JSON on standard
output, `{"times_ms": [...], "processor_ms": [...], "hands": [...], "peak_memory_mb": ...}`, one
entry per frame, fewer than asked where the video ends. Processor time is that of all threads.
The first line answered, before any is asked, is `{"ready": true}`. `{"error": "..."}` says that the
worker cannot go on. The end of standard input ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

import cv2


def our_tracker(max_num_hands, model_complexity):
    """Return a function (rgb, stamp_s) -> hands that runs our tracker.

    On the processor, as MediaPipe's does, and without the hands that are only held: MediaPipe
    reports none that it has not seen in this image.
    """
    from hand_tracking_ros.tracking import HandModels, HandTracker, TrackerOptions, TrackingState

    models = HandModels.load(model_complexity, execution_provider='cpu')
    tracker = HandTracker(TrackerOptions(max_num_hands=max_num_hands), models)

    def track(rgb, stamp_s):
        hands = tracker.track(rgb, stamp_s)
        return [hand for hand in hands if hand.state == TrackingState.TRACKED]

    return track


def mediapipe_tracker(max_num_hands, model_complexity):
    """Return a function (rgb, stamp_s) -> hands that runs `mp.solutions.hands`.

    Its options are its defaults, which are ours. It counts frames by itself and needs no stamp.
    """
    import mediapipe

    hands = mediapipe.solutions.hands.Hands(
        max_num_hands=max_num_hands, model_complexity=model_complexity
    )
    return lambda rgb, stamp_s: hands.process(rgb).multi_hand_landmarks or ()


TRACKERS = {'ours': our_tracker, 'mediapipe': mediapipe_tracker}


def memory_mb(field, pid='self'):
    """Return a field of /proc/<pid>/status in MB (10^6 bytes); VmHWM is the most ever resident.

    Not getrusage(): its peak includes the process that started this one.
    """
    with open(f'/proc/{pid}/status') as status:
        for line in status:
            if line.startswith(f'{field}:'):
                return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f'/proc/{pid}/status has no {field}')


class Side:
    """A tracker and the video it works through, frame after frame."""

    def __init__(self, track, video):
        self._track = track
        self._capture = cv2.VideoCapture(video)
        if not self._capture.isOpened():
            raise RuntimeError(f'{video} cannot be opened as a video')
        self._rate_hz = self._capture.get(cv2.CAP_PROP_FPS) or 30.0
        self._next_frame = 0

    def run(self, num_frames):
        """Track the next frames; the times are those of the tracker's own call and nothing else."""
        times_ms, processor_ms, hands = [], [], []
        for _ in range(num_frames):
            decoded, bgr = self._capture.read()
            if not decoded:
                break
            rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            # MediaPipe copies a picture that could still change under it.
            rgb.flags.writeable = False
            start_ns, processor_start_ns = time.perf_counter_ns(), time.process_time_ns()
            found = self._track(rgb, self._next_frame / self._rate_hz)
            times_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
            processor_ms.append((time.process_time_ns() - processor_start_ns) / 1e6)
            hands.append(len(found))
            self._next_frame += 1
        return {
            'times_ms': times_ms,
            'processor_ms': processor_ms,
            'hands': hands,
            'peak_memory_mb': memory_mb('VmHWM'),
        }


def serve(arguments, requests, answer):
    """Answer one request after another until there are no more, or one cannot be answered."""
    try:
        load = TRACKERS[arguments.tracker]
        side = Side(load(arguments.max_num_hands, arguments.model_complexity), arguments.video)
        answer({'ready': True})
        for request in requests:
            answer(side.run(int(request)))
    except Exception as error:  # whatever it is, the benchmark has to hear of it
        answer({'error': f'{type(error).__name__}: {error}'})
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description='One side of the benchmark; started by it.')
    parser.add_argument('tracker', choices=TRACKERS)
    parser.add_argument('video')
    parser.add_argument('--max-num-hands', type=int, required=True)
    parser.add_argument('--model-complexity', type=int, required=True)
    arguments = parser.parse_args()

    # A decoder with threads of its own would work ahead while the tracker is being timed.
    os.environ['OPENCV_FFMPEG_THREADS'] = '1'
    # Whatever a library prints goes to standard error; only answers reach the benchmark.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), 'w')
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(message):
        print(json.dumps(message), file=answers, flush=True)

    return serve(arguments, sys.stdin, answer)


if __name__ == '__main__':
    sys.exit(main())
