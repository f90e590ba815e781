"""Real hands that bend fingers which a gesture names."""

import json

import numpy as np

from support.test_data import need

# Which fingers a gesture bends, thumb first.
GESTURES = {
    'call': (False, True, True, True, False),
    'four': (True, False, False, False, False),
    'rock': (True, False, True, True, False),
}
# (picture, side as the file says it): the hand that rests, beside the one that shows the gesture.
RESTING = ('call_17d804b5.jpg', 'Right')


def gesture_hands() -> list[tuple[str, np.ndarray]]:
    found = []
    for name, picture in json.loads(need('reference/static_full.json').read_text())[
        'images'
    ].items():
        gesture = name.split('_')[0]
        for hand in picture['hands']:
            if gesture in GESTURES and (name, hand['label_as_mediapipe_says']) != RESTING:
                found.append((gesture, np.array(hand['world'])))
    return found
