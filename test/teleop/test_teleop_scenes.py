"""Teleoperation follows the simulated hands as the networks see them, without ROS."""

import itertools

import numpy as np
import pytest

from hand_tracking_ros.simulation.camera_simulator import CameraSimulator, SimulatorOptions
from hand_tracking_ros.teleop.hand_sample import sample_hand
from hand_tracking_ros.teleop.teleop import Teleop, TeleopState
from hand_tracking_ros.teleop.teleop_options import TeleopOptions
from hand_tracking_ros.tracking.errors import ModelError
from hand_tracking_ros.tracking.fingers.finger_values import with_finger_values
from hand_tracking_ros.tracking.hand import Handedness, TrackingState
from hand_tracking_ros.tracking.networks.models import HandModels
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.hand_locator import HandLocator
from hand_tracking_ros.tracking.tracker import HandTracker

RATE_HZ = 10


@pytest.fixture(scope='module')
def models():
    try:
        return HandModels.load()
    except ModelError as error:
        pytest.skip(str(error))


def states(models, scene, clutch, duration_s, seed, side):
    """What teleoperation makes of every frame of a scene, each state once until it changes."""
    simulator = CameraSimulator(SimulatorOptions(scene, seed, handedness=side))
    lens = simulator.camera
    camera = CameraModel.from_camera_info_fields(
        lens.width, lens.height, lens.matrix.ravel(), [], 'plumb_bob'
    )
    tracker, locator = HandTracker(models=models), HandLocator()
    teleop = Teleop(np.zeros(3), np.eye(3), TeleopOptions(clutch=clutch))
    found = []
    for t_s in np.arange(0, duration_s, 1 / RATE_HZ):
        hands = tracker.track(simulator.render(t_s).image, t_s)
        hands = locator.locate(hands, camera, t_s)
        seen = [hand for hand in hands if hand.state == TrackingState.TRACKED]
        sample = (
            sample_hand(with_finger_values(seen[0]), np.eye(4)) if seen and seen[0].pose else None
        )
        target = teleop.update(sample, t_s) if sample else teleop.lose()
        found.append(target.state)
    return [state for state, _ in itertools.groupby(found)]


@pytest.mark.parametrize(('seed', 'side'), [(0, Handedness.RIGHT), (1, Handedness.LEFT)])
@pytest.mark.parametrize(
    ('scene', 'clutch', 'duration_s'), [('pinch', 'pinch', 4.0), ('open_close', 'fist', 5.0)]
)
def test_the_clutch_engages_once_in_every_period(models, scene, clutch, duration_s, seed, side):
    # Two periods; a clutch that is closed at first has to open before it counts.
    engaged = states(models, scene, clutch, duration_s, seed, side).count(TeleopState.ENGAGED)
    assert 1 <= engaged <= 2


@pytest.mark.parametrize('seed', [0, 1])
def test_the_scene_for_teleoperation_engages_twice_and_loses_the_hand_in_between(models, seed):
    released, engaged, lost = TeleopState.RELEASED, TeleopState.ENGAGED, TeleopState.HAND_LOST
    found = states(models, 'teleop', 'pinch', 10.0, seed, Handedness.RIGHT)
    assert (found[:4], found[-1]) == ([released, engaged, released, engaged], lost)


@pytest.mark.parametrize('clutch', ['pinch', 'fist'])
def test_an_open_hand_never_engages(models, clutch):
    assert TeleopState.ENGAGED not in states(models, 'wave', clutch, 2.0, 0, Handedness.RIGHT)
