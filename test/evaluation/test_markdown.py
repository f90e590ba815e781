"""Generated tables, and their place in documents that people write."""

import pytest

from evaluation.markdown import insert_between_marks, table
from hand_tracking_ros.tracking.errors import UserError

BEGIN, END = '<!-- figures: begin -->', '<!-- figures: end -->'


def test_columns_of_a_table_line_up_but_for_the_last():
    assert table(['what', 'ms'], [['a', '1.5'], ['longer', '20, slow']]).splitlines() == [
        '| what   | ms |',
        '| ------ | -- |',
        '| a      | 1.5 |',
        '| longer | 20, slow |',
    ]


def test_a_row_with_a_cell_too_few_is_refused():
    with pytest.raises(ValueError, match='shorter'):
        table(['what', 'ms'], [['a']])


def test_generated_text_is_replaced_and_the_words_around_it_stay(tmp_path):
    path = tmp_path / 'speed.md'
    path.write_text(f'# Title\n{BEGIN}\nold\n{END}\nHow to read it.\n')
    expected = f'# Title\n{BEGIN}\nnew ≤ 1\n{END}\nHow to read it.\n'
    for _ in range(2):
        path.write_text(insert_between_marks(path, 'figures', 'new ≤ 1'), encoding='utf-8')
        assert path.read_text(encoding='utf-8') == expected


@pytest.mark.parametrize('text', ['', BEGIN, END, f'{END}\n{BEGIN}', 'figures: begin figures: end'])
def test_a_document_without_a_place_for_the_text_is_refused(tmp_path, text):
    path = tmp_path / 'speed.md'
    path.write_text(text)
    with pytest.raises(UserError, match=r'speed\.md has no line <!-- figures: begin -->'):
        insert_between_marks(path, 'figures', 'new')


@pytest.mark.parametrize('content', [None, b'\xff\xfe'])
def test_a_document_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / 'speed.md'
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r'speed\.md cannot be read'):
        insert_between_marks(path, 'figures', 'new')
