"""Text in images: placed, broken into lines, and with its accents (no ROS)."""

import numpy as np
import pytest

from hand_tracking_ros.drawing.text import draw_text, fitting_height, text_width, wrapped

HEIGHT_PX = 30.0


def ink(text: str) -> np.ndarray:
    """A text, (100, 400) uint8."""
    image = np.zeros((100, 400, 3), np.uint8)
    draw_text(image, text, (10, 70), HEIGHT_PX, (255, 255, 255))
    return image[..., 0]


def test_text_is_written_where_and_as_large_as_told():
    image = np.zeros((60, 200, 3), np.uint8)
    draw_text(image, 'HI', (20, 50), 30.0, (200, 100, 50))
    rows, columns = np.nonzero(image[..., 0] > 100)
    assert rows.min() == pytest.approx(20, abs=2) and rows.max() == pytest.approx(50, abs=2)
    assert columns.min() == pytest.approx(22, abs=4)
    assert columns.max() == pytest.approx(20 + text_width('HI', 30.0), abs=10)
    assert image.max(axis=(0, 1)) == pytest.approx((200, 100, 50), abs=2)


@pytest.mark.parametrize('position', [(-40, 20), (90, 20), (10, -3), (10, 70), (-500, 500)])
def test_text_outside_the_image_is_cut_off(position):
    image = np.zeros((40, 100, 3), np.uint8)
    draw_text(image, 'words', position, 12.0, (255, 255, 255))
    assert image.shape == (40, 100, 3)
    large = np.zeros((140, 300, 3), np.uint8)
    draw_text(large, 'words', (position[0] + 100, position[1] + 50), 12.0, (255, 255, 255))
    np.testing.assert_array_equal(image, large[50:90, 100:200])


@pytest.mark.parametrize(
    ('accented', 'plain'), [('ü', 'u'), ('Ö', 'O'), ('é', 'e'), ('ñ', 'n'), ('Å', 'A'), ('č', 'c')]
)
def test_an_accented_letter_is_the_letter_with_something_above(accented, plain):
    difference = ink(accented).astype(int) - ink(plain)
    rows = np.nonzero(difference > 100)[0]
    assert difference.min() > -10 and len(rows)
    letter_top = np.nonzero(ink(plain) > 100)[0].min()
    assert rows.max() <= letter_top
    assert text_width(accented, HEIGHT_PX) == text_width(plain, HEIGHT_PX)


def test_an_umlaut_has_two_dots_however_unicode_writes_it():
    for text in ('\u00fc', 'u\u0308'):
        above = ink(text)[: np.nonzero(ink('u') > 100)[0].min() - 1] > 100
        starts = np.diff(above.any(axis=0).astype(int), prepend=0) == 1
        assert starts.sum() == 2


def test_signs_without_a_plain_form_become_question_marks():
    np.testing.assert_array_equal(ink('手\n'), ink('??'))
    np.testing.assert_array_equal(ink('Straße – Ærø'), ink('Strasse - AEro'))


def test_lines_are_broken_between_words_and_within_words_that_are_too_wide():
    text = 'some words and averyveryverylongfilenamewithoutanyspace.mp4 at the end'
    lines = wrapped(text, HEIGHT_PX, 300)
    assert len(lines) > 2 and all(text_width(line, HEIGHT_PX) <= 300 for line in lines)
    assert ''.join(lines).replace(' ', '') == text.replace(' ', '')
    assert wrapped('short', HEIGHT_PX, 300) == ['short'] and wrapped('', HEIGHT_PX, 300) == []


def test_a_line_is_made_to_fit():
    text = 'frame 599: 16 x left, 16 x right'
    height_px = fitting_height(text, HEIGHT_PX, 300)
    assert 295 <= text_width(text, height_px) <= 305
    assert fitting_height('short', HEIGHT_PX, 300) == HEIGHT_PX
