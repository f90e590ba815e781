"""The house keeps its shape: walls between the rooms, and files that one can read."""

from collections import Counter

import pytest

from support.checkout import CHECKOUT
from support.imports import imported_modules, python_files, third_party_imports

NAME = 'hand_tracking_ros'
PACKAGE = CHECKOUT / NAME
# A room imports only from rooms below it, as docs/rooms.svg shows.
LAYERS = (
    ('cameras', 'demo', 'model_conversion', 'offline', 'teleop'),
    ('media', 'ros'),
    ('drawing', 'simulation'),
    ('tracking',),
)
ROOMS = {room for layer in LAYERS for room in layer}
NEED_ROS = {'cameras', 'demo', 'ros', 'teleop'}
ROS_MODULES = {'rclpy', 'rcl_interfaces', 'tf2_ros', 'cv_bridge', 'launch', 'ament_index_python'}

PRODUCT = [*python_files(NAME), *python_files('launch')]
MAX_LINES = 300
# Pure tables may be longer.
TABLES: set[str] = set()
# `hand` says nothing here: hand_frame.py and hand_fit.py are no group.
LARGEST_GROUP, COMMON_WORD = 3, 'hand'


def imports_of(room):
    """Every module that a room imports, with the file that does."""
    for file in python_files(f'{NAME}/{room}'):
        yield from ((module, file.name) for module in imported_modules(file))


def test_every_room_has_a_layer():
    assert {file.parent.name for file in PACKAGE.glob('*/__init__.py')} == ROOMS


@pytest.mark.parametrize('layer', range(len(LAYERS)))
def test_a_room_imports_only_from_rooms_below_it(layer):
    allowed = {room for below in LAYERS[layer + 1 :] for room in below}
    wrong = [
        f'{room}/{file} imports {module}'
        for room in LAYERS[layer]
        for module, file in imports_of(room)
        if module.startswith(f'{NAME}.') and module.split('.')[1] in ROOMS - allowed - {room}
    ]
    assert not wrong


@pytest.mark.parametrize('room', sorted(ROOMS - NEED_ROS))
def test_a_room_without_ros_imports_no_ros_and_no_message(room):
    wrong = [
        f'{file} imports {module}'
        for module, file in imports_of(room)
        if module.split('.')[0] in ROS_MODULES or {'msg', 'srv'} & set(module.split('.'))
    ]
    assert not wrong


def test_the_package_never_imports_what_measures_it():
    assert 'evaluation' not in third_party_imports(PRODUCT)


@pytest.mark.parametrize('folder', [NAME, 'launch', 'evaluation'])
def test_no_file_is_longer_than_one_can_read(folder):
    lines = {file: len(file.read_text().splitlines()) for file in python_files(folder)}
    long = {str(file.relative_to(CHECKOUT)) for file in lines if lines[file] > MAX_LINES}
    assert long <= TABLES


def test_files_that_share_their_first_word_in_number_are_a_room():
    groups = Counter((file.parent, file.stem.split('_')[0]) for file in PRODUCT)
    large = {
        f'{folder.name}/{word}_*'
        for (folder, word), count in groups.items()
        if count > LARGEST_GROUP and word != COMMON_WORD
    }
    assert not large
