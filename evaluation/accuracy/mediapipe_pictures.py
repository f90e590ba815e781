"""MediaPipe's hands in pictures, in its own environment, one line at a time.

Runs under MediaPipe's Python and imports nothing of this package. Each line of standard input is
JSON, the path of an .npy file with an RGB picture and the largest number of hands; the answer is
one line of JSON on standard output, `{"hands": [[[x, y], ... 21], ...]}`, fractions of the picture.
The first line, unasked, says what is running.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np


def main():
    """Answer until standard input ends."""
    # MediaPipe prints to standard output, where only answers belong.
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    import mediapipe

    trackers = {}
    print(json.dumps({'mediapipe': mediapipe.__version__}), file=answers, flush=True)
    for line in sys.stdin:
        path, max_num_hands = json.loads(line)
        if max_num_hands not in trackers:
            trackers[max_num_hands] = mediapipe.solutions.hands.Hands(
                static_image_mode=True, max_num_hands=max_num_hands
            )
        found = trackers[max_num_hands].process(np.load(path)).multi_hand_landmarks or ()
        hands = [[[point.x, point.y] for point in hand.landmark] for hand in found]
        print(json.dumps({'hands': hands}), file=answers, flush=True)


if __name__ == '__main__':
    main()
