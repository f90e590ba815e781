"""docs/reliability.md claims nothing without a test that exists."""

import ast
import re

import pytest

from support.checkout import CHECKOUT

TEXT = (CHECKOUT / 'docs' / 'reliability.md').read_text()
# `file.py::test_name`, the file below test/.
NAMED_TESTS = sorted(set(re.findall(r'`([\w/]+\.py)::(\w+)`', TEXT)))
FAULT_TABLE = re.search(r'^## Faults$(.*?)^## ', TEXT, re.MULTILINE | re.DOTALL)[1]
ROWS = [
    line
    for line in FAULT_TABLE.splitlines()
    if line.startswith('|') and not line.startswith(('|---', '| fault |'))
]


@pytest.mark.parametrize(('file', 'name'), NAMED_TESTS, ids='::'.join)
def test_every_test_named_exists(file, name):
    path = CHECKOUT / 'test' / file
    assert path.exists()
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, 'name')]
    assert name in {function.name for function in functions}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.split('|')[1].strip()[:40])
def test_every_fault_has_a_test(row):
    assert row.count('|') == 4, 'a row has three columns'
    assert re.search(r'`[\w/]+\.py::\w+`', row)
