"""A camera that looks at simulated hands and knows the truth about them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

from hand_tracking_ros.simulation.arm import SHOULDER_HALF_WIDTH_M, cloth, person, sleeve
from hand_tracking_ros.simulation.background import paint_background
from hand_tracking_ros.simulation.ground_truth import HandTruth, hand_truth
from hand_tracking_ros.simulation.pinhole_camera import PinholeCamera
from hand_tracking_ros.simulation.renderer import Body, Light, Texture, render
from hand_tracking_ros.simulation.scenes import SCENES, Board, mirrored, random_setting
from hand_tracking_ros.simulation.sensor import Sensor, SensorOptions
from hand_tracking_ros.simulation.simulated_hand import SimulatedHand
from hand_tracking_ros.tracking.hand import Handedness

# Where the neck is, seen from the hand.
_NECK_BEHIND_M = 0.40
_NECK_ASIDE_M = 0.20
_SHOULDER_BELOW_NECK_M = 0.06


@dataclass(frozen=True)
class SimulatorOptions:
    """What is simulated.

    Attributes:
        scene: a name in SCENES.
        seed: of everything random; the same options give the same frames.
        width: px.
        height: px.
        horizontal_fov_deg: from the image's left to its right edge.
        handedness: side of a single hand; UNKNOWN is random.
        hand_length_m: from the wrist along the bones to the tip of the middle finger; None is
            random between 0.16 and 0.21.
        skin_tone: 0 (light) to 1 (dark); None is random.
        light: brightness, 1 is ordinary.
        clutter: things before the wall.
        person: the person to whom the hands belong is in the image.
        sensor: noise, blur and holes of the camera.
    """

    scene: str = 'still'
    seed: int = 0
    width: int = 640
    height: int = 480
    horizontal_fov_deg: float = 60.0
    handedness: Handedness = Handedness.UNKNOWN
    hand_length_m: float | None = None
    skin_tone: float | None = None
    light: float = 1.0
    clutter: bool = False
    person: bool = True
    sensor: SensorOptions = field(default_factory=SensorOptions)


@dataclass(frozen=True)
class SimulatedFrame:
    """One image with its truth.

    Attributes:
        stamp_s: when it was taken.
        image: (H, W, 3) uint8 RGB.
        depth_m: (H, W) float32 registered to the image, 0 where the sensor gives none.
        hands: the truth about every hand of the scene, in view or not.
    """

    stamp_s: float
    image: np.ndarray
    depth_m: np.ndarray
    hands: list[HandTruth]


class CameraSimulator:
    """Renders frames of a scene.

    Args:
        options: what is simulated.

    Attributes:
        camera: intrinsics of the simulated camera.

    Raises:
        ValueError: there is no such scene.
    """

    def __init__(self, options: SimulatorOptions | None = None) -> None:
        options = options or SimulatorOptions()
        if options.scene not in SCENES:
            raise ValueError(f"scene is '{options.scene}', expected one of {', '.join(SCENES)}")
        width, height = options.width, options.height
        self.camera = PinholeCamera.from_field_of_view(width, height, options.horizontal_fov_deg)
        self._sensor = Sensor(options.sensor, width, height, options.seed)
        # A generator each, so that one option does not change what the others leave to chance.
        take, skin, stage, things, hair = (
            np.random.default_rng([options.seed, part]) for part in range(5)
        )
        self._scene = SCENES[options.scene]
        self._setting = random_setting(take, self._scene)
        self._light = _random_light(take, options.light)
        random_side = Handedness(int(take.integers(Handedness.LEFT, Handedness.RIGHT + 1)))
        is_single = self._scene.num_hands == 1
        sides = [Handedness.RIGHT, Handedness.LEFT]
        if is_single:
            sides = [options.handedness or random_side]
        # The motions of scenes are a right hand's.
        self._mirrors_motions = sides == [Handedness.LEFT]
        tone = skin.uniform() if options.skin_tone is None else options.skin_tone
        self._hands = [
            _make_hand(side, options.hand_length_m, tone, options.seed, number)
            for number, side in enumerate(sides)
        ]
        # The neck is behind the hands' farthest place, beside a single one.
        x, y, z = self._setting.base_m
        x += _NECK_ASIDE_M if is_single else 0.0
        x = -x if self._mirrors_motions else x
        neck_z_m = max(z, self._scene.farthest_m) + _NECK_BEHIND_M
        neck_m = np.array([x, y + stage.uniform(-0.02, 0.08), neck_z_m])
        # The person faces the camera.
        right = np.array([-SHOULDER_HALF_WIDTH_M, _SHOULDER_BELOW_NECK_M, 0.0])
        left = right * [-1.0, 1.0, 1.0]
        self._shoulder_m = {Handedness.RIGHT: neck_m + right, Handedness.LEFT: neck_m + left}
        self._cloth, self._board = cloth(stage), cloth(stage)
        self._background = paint_background(self.camera, things, options.clutter, options.light)
        if options.person:
            bodies = person(neck_m, self._hands[0].skin_color, self._cloth, hair)
            self._background = render(bodies, self._background, self.camera, self._light)

    def render(self, t_s: float) -> SimulatedFrame:
        """The frame at a time in seconds from 0 on; it does not depend on earlier calls."""
        moment = self._scene.move(t_s, self._setting)
        motions = moment.hands
        if self._mirrors_motions:
            motions = [mirrored(motion) for motion in motions]
        placed = [hand.place(motion) for hand, motion in zip(self._hands, motions, strict=True)]
        bodies = [hand.body for hand in placed]
        for hand, each in zip(self._hands, placed, strict=True):
            shoulder_m = self._shoulder_m[hand.handedness]
            bodies.append(sleeve(each.forearm, shoulder_m, hand.shape.size, self._cloth))
        bodies += [_board_body(board, self._board) for board in moment.boards]
        picture = render(bodies, self._background, self.camera, self._light)
        truths = [
            hand_truth(number, hand, each, picture.body == number, self.camera)
            for number, (hand, each) in enumerate(zip(self._hands, placed, strict=True))
        ]
        frame = round(t_s * 1e6)
        image = self._sensor.expose(picture.image, frame)
        return SimulatedFrame(t_s, image, self._sensor.measure(picture.depth_m, frame), truths)

    def render_without_hands(self, t_s: float) -> np.ndarray:
        """The image (H, W, 3) uint8 RGB while the person has lowered the hands out of it."""
        return self._sensor.expose(self._background.image, round(t_s * 1e6))


@functools.lru_cache(maxsize=2)  # a second's work; several scenes show the same person
def _make_hand(
    side: Handedness, length_m: float | None, tone: float, seed: int, number: int
) -> SimulatedHand:
    return SimulatedHand(side, length_m, tone, np.random.default_rng([seed, 10, number]))


def _random_light(rng: np.random.Generator, level: float) -> Light:
    """A lamp above and beside the camera, more or less strong against the rest of the light."""
    direction = np.array([rng.uniform(-0.8, 0.8), rng.uniform(-1.0, -0.4), -rng.uniform(0.7, 1.2)])
    warm = np.array([1.0, 1.0 - rng.uniform(0.0, 0.06), 1.0 - rng.uniform(0.0, 0.14)])
    lamp = rng.uniform(0.45, 0.75)
    cool = np.array([0.97, 0.98, 1.0])
    return Light(
        direction / np.linalg.norm(direction), level * lamp * warm, level * (1.05 - lamp) * cool
    )


def _board_body(board: Board, texture: Texture) -> Body:
    """Two triangles that face the camera."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    corners *= np.array([board.width_m / 2, board.height_m / 2, 0.0], np.float32)
    return Body(
        vertices=board.center_m + corners,
        normals=np.tile([0.0, 0.0, -1.0], (4, 1)),
        triangles=np.array([[0, 2, 1], [0, 3, 2]], np.int32),
        texture_coordinates=corners[:, [1, 0, 2]],
        texture=texture,
    )
