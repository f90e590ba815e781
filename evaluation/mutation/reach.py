"""Which tests reach which lines of the package, and how long each takes: from `make coverage`."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from coverage import CoverageData

from evaluation.paths import CHECKOUT
from hand_tracking_ros.tracking.errors import UserError

if TYPE_CHECKING:  # it needs cosmic-ray, and this does not
    from evaluation.mutation.mutants import Mutant

FOLDER = CHECKOUT / '.environment' / 'coverage'
DATA, TIMES = FOLDER / 'data', FOLDER / 'times.xml'

# As pytest-cov names a test, and as pytest names it to the programs that the test starts. What
# follows the function's name says which of its parameters; all of them are one test here.
IN_PROCESS = re.compile(r'(?P<test>[^:]+::\w+).*\|(setup|run|teardown)', re.DOTALL)
IN_CHILD = re.compile(r'(?P<file>[^:]+)::.+ \((setup|call|teardown)\)', re.DOTALL)


class Reach:
    """Finds the tests for a mutant.

    Raises:
        UserError: coverage was not measured yet.
    """

    def __init__(self) -> None:
        if not (DATA.exists() and TIMES.exists()):
            raise UserError(f'no coverage in {FOLDER}: run `make coverage` first')
        self._data = CoverageData(str(DATA))
        self._data.read()
        self._seconds: Counter[str] = Counter()
        for case in ElementTree.parse(TIMES).iter('testcase'):
            file = case.attrib['classname'].replace('.', '/')
            function = case.attrib['name'].partition('[')[0]
            self._seconds[f'{file}.py::{function}'] += float(case.attrib['time'])

    def is_reached(self, file: Path) -> bool:
        """Whether any test reaches a file; not where a package is missing that it needs."""
        return bool(self._data.lines(str(file)))

    def tests_for(self, mutant: Mutant, budget_s: float) -> list[str]:
        """The tests that reach a mutant: those named after its file first, then the quick ones.

        As many as fit into a budget, at least one. A program that one test started may serve all
        tests of that file, so all of them count.
        """
        contexts = self._contexts(mutant)
        tests = {found['test'] for context in contexts if (found := IN_PROCESS.fullmatch(context))}
        files = {found['file'] for context in contexts if (found := IN_CHILD.fullmatch(context))}
        tests |= {test for test in self._seconds if test.partition('::')[0] in files}
        own = f'test_{mutant.change.module_path.stem}.py'
        chosen: list[str] = []
        for test in sorted(tests, key=lambda test: (own not in test, self._seconds[test], test)):
            if chosen and self.seconds([*chosen, test]) > budget_s:
                break
            chosen.append(test)
        return chosen

    def seconds(self, tests: Iterable[str]) -> float:
        """How long tests took while coverage was measured."""
        return sum(self._seconds[test] for test in tests)

    def _contexts(self, mutant: Mutant) -> set[str]:
        by_line = self._data.contexts_by_lineno(str(mutant.change.module_path))
        # What importing a module computes can be noticed by whoever uses the module.
        lines = by_line if mutant.place.is_import_time else mutant.place.lines
        return {context for line in lines for context in by_line.get(line, ())}
