"""Small hands in large pictures, with the real networks; and none where there are none."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from hand_tracking_ros.media import open_media
from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.tracking import HandModels, HandTracker, TrackerOptions
from hand_tracking_ros.tracking.errors import UserError
from hand_tracking_ros.tracking.hand import FINGERS, Landmark
from support.reference_hands import extent_px, read_reference, to_px
from support.test_data import need

WIDTH, HEIGHT = 1920, 1080
# Twelve show every part, and one more confirms what a part showed.
NUM_IMAGES = 15
FRAME_S = 1 / 30
# Share of the hands that are found, by their length in px. Simulated ones, for where the pictures
# are not, are harder for the networks: of 40 px hardly any is found.
TARGETS = {80: 0.95, 56: 0.95, 40: 0.60}
TARGETS_OF_SIMULATED = {80: 0.9, 56: 0.8}
NUM_PLACES = 36
# A hand is found where its landmarks lie nearer to the true ones than this share of its length.
FOUND_DISTANCE = 0.25

# Hands in the shared pictures that the reference has not found. All were looked at: real hands.
MISSED_BY_THE_REFERENCE = {
    ('freihand_00065475.jpg', (113, 117)): 'the only hand, closed, before a mountain',
    ('call_0e022ee9.jpg', (333, 447)): 'the other hand, hanging down at the left of the body',
    ('call_172ba7f6.jpg', (178, 406)): 'the gesture itself, blurred and dark, beside the ear',
    ('four_07a5a144.jpg', (142, 451)): 'the gesture itself, four fingers before a wall',
    ('four_116292ef.jpg', (374, 339)): 'the other hand, holding something at the hip',
}
NEAR_PX = 20


class CountingDetector:
    """A palm detector, and how many looks it has processed."""

    def __init__(self, detector):
        self._detector = detector
        self.num_looks = 0

    def detect(self, image, looks, min_confidences):
        self.num_looks += len(looks)
        return self._detector.detect(image, looks, min_confidences)

    def num_looks_within(self, budget_s):
        return 1  # as where a look takes as long as the budget


@dataclass(frozen=True)
class Cutout:
    """A picture of a person with a hand.

    Attributes:
        image: RGB.
        hands_px: landmarks (21, 2) of each hand.
    """

    image: np.ndarray
    hands_px: list[np.ndarray]

    def shrunk_to(self, length_px):
        """The same with a first hand of this length."""
        chain = self.hands_px[0][[Landmark.WRIST, *FINGERS['middle']]]
        scale = length_px / np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
        image = cv2.resize(self.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return Cutout(image, [points * scale for points in self.hands_px])


@pytest.fixture(scope='module')
def models():
    try:
        return HandModels.load()
    except UserError as error:
        pytest.skip(str(error))


def texture(rng, width, height, grains_px=(8, 32, 128), contrast=25.0):
    """Noise of several sizes, as float32 (H, W, 3) around 0."""
    image = np.zeros((height, width, 3), np.float32)
    for grain in grains_px:
        shape = (height // grain + 2, width // grain + 2, 3)
        noise = rng.normal(0, contrast, shape).astype(np.float32)
        image += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return image


@pytest.fixture(scope='module')
def background():
    image = texture(np.random.default_rng(0), WIDTH, HEIGHT) + 120
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def gestures():
    """The gesture pictures in which the reference finds a hand."""
    reference = read_reference('static_full')['images']
    frames = [(frame, reference[frame.name]['hands']) for frame in open_media(need('gestures'))]
    return [
        Cutout(
            frame.image,
            [to_px(hand, frame.image.shape[1], frame.image.shape[0]) for hand in hands],
        )
        for frame, hands in frames
        if hands
    ]


@pytest.fixture(scope='module')
def simulated():
    """Persons who hold up an open hand."""
    cutouts = []
    for seed in range(4):
        frame = CameraSimulator(SimulatorOptions(scene='still', seed=seed)).render(0.0)
        height, width = frame.image.shape[:2]
        hands = [truth.landmarks[:, :2] * [width, height] for truth in frame.hands]
        cutouts.append(Cutout(frame.image, hands))
    return cutouts


def paste(background, cutout, rng):
    """The picture with a cutout at a random place, the corners of that, and the hands there."""
    height, width = cutout.image.shape[:2]
    x, y = rng.integers(0, WIDTH - width), rng.integers(0, HEIGHT - height)
    image = background.copy()
    image[y : y + height, x : x + width] = cutout.image
    corners = np.array([[x, y], [x + width, y + height]])
    return image, corners, [points + corners[0] for points in cutout.hands_px]


def nearest_px(hand, truths):
    """Mean distance of a hand's landmarks to those of the nearest true hand."""
    points = hand.landmarks_px(WIDTH, HEIGHT)
    return min(np.linalg.norm(points - truth, axis=1).mean() for truth in truths)


def share_found(models, background, cutouts, length_px):
    """Share of the hands of this length that are found within fifteen images.

    Each image gets one look at most, and no hand is seen in the background (a real one may reach
    beyond the edge of its picture).
    """
    detector = CountingDetector(models.palm_detector)
    counted = HandModels(detector, models.landmark_model)
    rng = np.random.default_rng([0, length_px])
    num_found = 0
    for number in range(NUM_PLACES):
        cutout = cutouts[number % len(cutouts)].shrunk_to(length_px)
        image, (low, high), truths = paste(background, cutout, rng)
        tracker = HandTracker(models=counted)
        for i in range(NUM_IMAGES):
            before = detector.num_looks
            hands = tracker.track(image, i * FRAME_S)
            assert detector.num_looks - before <= 1
            for hand in hands:
                middle = hand.landmarks_px(WIDTH, HEIGHT).mean(axis=0)
                assert ((low - length_px < middle) & (middle < high + length_px)).all()
            if any(nearest_px(hand, truths) < FOUND_DISTANCE * length_px for hand in hands):
                num_found += 1
                break
    return num_found / NUM_PLACES


@pytest.mark.parametrize('length_px', TARGETS)
def test_small_hands_are_found_within_fifteen_images(models, background, gestures, length_px):
    assert share_found(models, background, gestures, length_px) >= TARGETS[length_px]


@pytest.mark.parametrize('length_px', TARGETS_OF_SIMULATED)
def test_small_simulated_hands_are_found_too(models, background, simulated, length_px):
    found = share_found(models, background, simulated, length_px)
    assert found >= TARGETS_OF_SIMULATED[length_px]


def test_textured_noise_shows_no_hands(models):
    """In tracking mode, where a hand once found would be followed."""
    rng = np.random.default_rng(0)
    tracker = HandTracker(TrackerOptions(max_num_hands=4), models)
    for i in range(50):
        image = noise(rng, i % 4)
        turned = (image, image[::-1], image[:, ::-1], image[::-1, ::-1])
        for j, each in enumerate(turned):
            hands = tracker.track(np.ascontiguousarray(each), (4 * i + j) * FRAME_S)
            assert hands == [], f'image {i}, turn {j}: {hands}'


def noise(rng, kind):
    """1280x720: every pixel for itself; rough; soft; soft in the colours of skin."""
    width, height = 1280, 720
    if kind == 0:
        return rng.integers(0, 256, (height, width, 3), np.uint8)
    if kind == 1:
        return np.clip(texture(rng, width, height) + 120, 0, 255).astype(np.uint8)
    image = texture(rng, width, height, (16, 64), 20) + texture(rng, width, height, (128,), 40)
    color = np.float32([180, 140, 120] if kind == 3 else [128, 128, 128])
    return np.clip(image + color, 0, 255).astype(np.uint8)


@pytest.mark.parametrize('folder', ['gestures', 'annotated'])
def test_shared_pictures_show_no_false_hands(models, folder):
    """None farther than its length from every hand of the reference, but those it has missed."""
    reference = read_reference('static_full')['images']
    tracker = HandTracker(TrackerOptions(static_image_mode=True, max_num_hands=16), models)
    for frame in open_media(need(folder)):
        height, width = frame.image.shape[:2]
        known = [to_px(hand, width, height) for hand in reference[frame.name]['hands']]
        for hand in tracker.track(frame.image, 0.0):
            middle = hand.landmarks_px(width, height).mean(axis=0)
            assert is_missed(frame.name, middle) or any(
                np.linalg.norm(middle - points.mean(axis=0)) <= extent_px(points)
                for points in known
            ), f'{frame.name} at {middle.round()}'


def is_missed(name, middle_px):
    """Whether this is one of the real hands that the reference has missed."""
    return any(
        name == picture and np.linalg.norm(middle_px - place) < NEAR_PX
        for picture, place in MISSED_BY_THE_REFERENCE
    )
