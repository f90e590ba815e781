"""The walls between the rooms, as docs/rooms.svg shows them."""

import ast

import pytest

from support.checkout import CHECKOUT

NAME = 'hand_tracking_ros'
PACKAGE = CHECKOUT / NAME
# A room imports only from rooms below it.
LAYERS = (
    ('cameras', 'demo', 'model_conversion', 'offline', 'teleop'),
    ('media', 'ros'),
    ('drawing', 'simulation'),
    ('tracking',),
)
NEED_ROS = {'cameras', 'demo', 'ros', 'teleop'}
ROS_MODULES = {'rclpy', 'rcl_interfaces', 'tf2_ros', 'cv_bridge', 'launch', 'ament_index_python'}


def imports_of(room):
    """Name of every module that a room imports, with the file that does."""
    for file in (PACKAGE / room).rglob('*.py'):
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                yield from ((alias.name, file.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f'{node.module}.{alias.name}', file.name) for alias in node.names)


def test_every_room_has_a_layer():
    rooms = {file.parent.name for file in PACKAGE.glob('*/__init__.py')}
    assert rooms == {room for layer in LAYERS for room in layer}


@pytest.mark.parametrize('layer', range(len(LAYERS)))
def test_a_room_imports_only_from_rooms_below_it(layer):
    allowed = {room for below in LAYERS[layer + 1 :] for room in below}
    rooms = {room for each in LAYERS for room in each}
    wrong = [
        f'{room}/{file} imports {module}'
        for room in LAYERS[layer]
        for module, file in imports_of(room)
        if module.startswith(f'{NAME}.') and module.split('.')[1] in rooms - allowed - {room}
    ]
    assert not wrong


@pytest.mark.parametrize(
    'room', sorted({room for layer in LAYERS for room in layer} - NEED_ROS), ids=str
)
def test_a_room_without_ros_imports_no_ros_and_no_message(room):
    wrong = [
        f'{file} imports {module}'
        for module, file in imports_of(room)
        if module.split('.')[0] in ROS_MODULES or {'msg', 'srv'} & set(module.split('.'))
    ]
    assert not wrong


def test_the_package_never_imports_what_measures_it():
    rooms = [room for layer in LAYERS for room in layer]
    assert not [
        f'{room}/{file} imports {module}'
        for room in rooms
        for module, file in imports_of(room)
        if module.split('.')[0] == 'evaluation'
    ]
