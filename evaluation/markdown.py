"""Tables in Markdown, and generated text between two marks of a document.

The marks are comments: `<!-- evaluation: begin -->` and, below it, `<!-- evaluation: end -->`.
Everything between them is generated and replaced; words to keep stand outside.

    path = Path('docs/speed.md')
    text = table(['tracker', 'ms'], [['ours', '5.2'], ['theirs', '9.8']])
    path.write_text(insert_between_marks(path, 'benchmark', text), encoding='utf-8')
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hand_tracking_ros.tracking.errors import UserError


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns line up, but for the last, which may hold whole sentences."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)][:-1]
    lines.insert(1, ['-' * width for width in (*widths, len(head[-1]))])
    return '\n'.join(
        '| ' + ' | '.join([*map(str.ljust, cells[:-1], widths), cells[-1]]) + ' |'
        for cells in lines
    )


def insert_between_marks(path: Path, name: str, content: str) -> str:
    """The text of a document, with `content` between the marks of this name.

    Raises:
        UserError: the document cannot be read, or has no such marks.
    """
    begin, end = f'<!-- {name}: begin -->', f'<!-- {name}: end -->'
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{path} cannot be read ({error})') from error
    before, has_begin, rest = text.partition(begin)
    _, has_end, after = rest.partition(end)
    if not (has_begin and has_end):
        raise UserError(
            f'{path} has no line {begin} with a line {end} below it; add both where the generated '
            'text belongs'
        )
    return f'{before}{begin}\n{content}\n{end}{after}'
