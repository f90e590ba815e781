"""The mutants of source files, and a sample of them.

A mutant is the package with one change, as cosmic-ray makes them: another operator, number or
constant, a condition negated, a loop that never runs, a decorator left out.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.work_item import MutationSpec

Position = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """A piece of source that can be changed.

    Attributes:
        lines: of the statement that it belongs to; of a compound one, those of its head.
        is_import_time: the statement runs when the module is imported, before any test.
        changes: all that cosmic-ray can make of it.
    """

    lines: range
    is_import_time: bool
    changes: tuple[MutationSpec, ...]


@dataclass(frozen=True)
class Mutant:
    """One change at a place."""

    place: Place
    change: MutationSpec


def sample_mutants(files: Iterable[Path], number: int, seed: int) -> list[Mutant]:
    """So many places of the files, each changed in one way; all of them if there are fewer.

    Places are drawn, not changes: an operator can be replaced by a dozen others, and would have a
    dozen times the weight of a `not` that could be left out.
    """
    generator = random.Random(seed)
    places = [place for file in sorted(files) for place in find_places(file)]
    chosen = generator.sample(places, min(number, len(places)))
    return [Mutant(place, generator.choice(place.changes)) for place in chosen]


def find_places(file: Path) -> list[Place]:
    """Every place of a file, but for annotations, which nobody evaluates."""
    tree = ast.parse(file.read_text())
    annotations = [(_start(node), _end(node)) for node in _annotations(tree)]
    changes: dict[tuple[Position, Position], list[MutationSpec]] = {}
    for change in _changes(file):
        if not any(start <= change.start_pos < end for start, end in annotations):
            changes.setdefault((change.start_pos, change.end_pos), []).append(change)
    return [
        Place(*_statement_at(tree, start), tuple(of_place))
        for (start, _), of_place in sorted(changes.items())
    ]


def _changes(file: Path) -> Iterator[MutationSpec]:
    tree = get_ast_from_path(file)
    for name in sorted(cosmic_ray.plugins.operator_names()):
        operator_type = cosmic_ray.plugins.get_operator(name)
        if operator_type.arguments():
            continue  # changes only what it is told to
        positions = (
            position
            for node in ast_nodes(tree)
            for position in operator_type().mutation_positions(node)
        )
        for occurrence, (start, end) in enumerate(positions):
            yield MutationSpec(file, name, occurrence, start, end)


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for annotation in (getattr(node, 'annotation', None), getattr(node, 'returns', None)):
            if annotation is not None:
                yield annotation


def _statement_at(tree: ast.Module, position: Position) -> tuple[range, bool]:
    """Lines of the innermost statement at a position, and whether importing the module runs it."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and _begin(node) <= position < _end(node)
    ]
    innermost = max(around, key=_begin)
    is_import_time = not any(
        isinstance(node, ast.FunctionDef) and _begin(node.body[0]) <= position for node in around
    )
    return range(_begin(innermost)[0], _last_line(innermost) + 1), is_import_time


def _last_line(statement: ast.stmt) -> int:
    """Of a compound statement the last line of its head."""
    body = getattr(statement, 'body', None)
    if body:
        return max(statement.lineno, _begin(body[0])[0] - 1)
    return statement.end_lineno or statement.lineno


def _begin(statement: ast.stmt) -> Position:
    """Where a statement begins, its decorators included."""
    decorators = getattr(statement, 'decorator_list', [])
    return min([_start(statement), *((node.lineno, node.col_offset - 1) for node in decorators)])


def _start(node: ast.stmt | ast.expr) -> Position:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or 0
