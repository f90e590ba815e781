"""Which tests are run for a change of the package."""

from types import SimpleNamespace

import pytest

pytest.importorskip('coverage', reason='coverage is not installed')

from coverage import CoverageData

from evaluation.mutation import reach
from hand_tracking_ros.tracking.errors import UserError

TIMES = {
    'test.ros.test_camera': {'test_a[1]': 1.0, 'test_a[2]': 2.0, 'test_b': 4.0},
    'test.test_quick': {'test_c': 0.5, 'test_d': 0.25},
    'test.test_slow': {'test_e': 100.0},
}
# Who reached which line, as pytest-cov says it and as a child process does.
CONTEXTS = {
    10: ['test/test_quick.py::test_d|setup', 'test/test_slow.py::test_e|run'],
    11: ['test/test_quick.py::test_c|run', ''],
    12: ['test/ros/test_camera.py::test_a[a / b] (setup)'],
}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A measurement of one file of the package; returns the file."""
    monkeypatch.setattr(reach, 'DATA', tmp_path / 'data')
    monkeypatch.setattr(reach, 'TIMES', tmp_path / 'times.xml')
    file = tmp_path / 'camera.py'
    file.touch()
    data = CoverageData(str(reach.DATA))
    for line, contexts in CONTEXTS.items():
        for context in contexts:
            data.set_context(context)
            data.add_lines({str(file): [line]})
    data.write()
    cases = [
        f'<testcase classname="{file}" name="{name}" time="{seconds}"/>'
        for file, tests in TIMES.items()
        for name, seconds in tests.items()
    ]
    reach.TIMES.write_text(f'<testsuites>{"".join(cases)}</testsuites>')
    return file


def chosen(file, lines, budget_s=60.0, is_import_time=False):
    return reach.Reach().tests_for(
        SimpleNamespace(
            change=SimpleNamespace(module_path=file),
            place=SimpleNamespace(lines=lines, is_import_time=is_import_time),
        ),
        budget_s,
    )


def test_quick_tests_come_first_and_slow_ones_only_within_the_budget(measured):
    quick = ['test/test_quick.py::test_d', 'test/test_quick.py::test_c']
    assert chosen(measured, range(10, 12)) == quick
    assert chosen(measured, range(10, 12), 200.0) == [*quick, 'test/test_slow.py::test_e']
    assert chosen(measured, range(10, 12), 0.0) == quick[:1]


def test_a_process_that_a_test_starts_may_serve_every_test_of_its_file_which_come_first_by_name(
    measured,
):
    own = ['test/ros/test_camera.py::test_a', 'test/ros/test_camera.py::test_b']
    assert chosen(measured, range(11, 13)) == [*own, 'test/test_quick.py::test_c']


def test_what_importing_computes_is_tested_by_all_who_use_the_module(measured):
    assert len(chosen(measured, range(1, 2), 200.0, is_import_time=True)) == 5


def test_a_line_that_nobody_reaches_has_no_test(measured):
    assert chosen(measured, range(99, 100)) == []


def test_without_a_measurement_it_is_said_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setattr(reach, 'DATA', tmp_path / 'data')
    with pytest.raises(UserError, match='make coverage'):
        reach.Reach()


def test_a_file_that_no_test_reaches_is_known(measured, tmp_path):
    assert reach.Reach().is_reached(measured)
    assert not reach.Reach().is_reached(tmp_path / 'other.py')
