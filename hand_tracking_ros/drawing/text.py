"""Lines of text in images, with OpenCV alone: its fonts are ASCII, so accents are drawn here.

A letter with an accent is its plain letter with the accent above; signs without a plain form become
`?`. A font library would need a font file, which robots do not have.
"""

from __future__ import annotations

import itertools
import math
import unicodedata

import cv2
import numpy as np

Color = tuple[int, int, int]

FONT = cv2.FONT_HERSHEY_SIMPLEX
TEXT_SUPERSAMPLING = 4
# Letters and signs that Unicode does not take apart.
_PLAIN = str.maketrans(
    {
        'ß': 'ss', 'æ': 'ae', 'Æ': 'AE', 'œ': 'oe', 'Œ': 'OE', 'ø': 'o', 'Ø': 'O', 'ł': 'l',
        'Ł': 'L', 'đ': 'd', 'Đ': 'D', 'ð': 'd', 'Ð': 'D', 'þ': 'th', 'Þ': 'Th', 'ı': 'i',
        '\u2018': "'", '\u2019': "'", '\u201c': '"', '\u201d': '"', '\u2013': '-', '\u2014': '-',
    }
)  # fmt: skip
# Strokes of each combining accent from its letter's top middle, in capital heights, y upwards.
_ACCENTS = {
    '\u0300': [[(-0.2, 0.38), (0.1, 0.15)]],  # grave
    '\u0301': [[(0.2, 0.38), (-0.1, 0.15)]],  # acute
    '\u0302': [[(-0.22, 0.15), (0.0, 0.36), (0.22, 0.15)]],  # circumflex
    '\u0303': [[(-0.25, 0.18), (-0.1, 0.3), (0.1, 0.2), (0.25, 0.32)]],  # tilde
    '\u0304': [[(-0.22, 0.25), (0.22, 0.25)]],  # macron
    '\u0306': [[(-0.22, 0.36), (0.0, 0.17), (0.22, 0.36)]],  # breve
    '\u0307': [[(0.0, 0.27), (0.0, 0.27)]],  # dot
    '\u0308': [[(-0.18, 0.27), (-0.18, 0.27)], [(0.18, 0.27), (0.18, 0.27)]],  # diaeresis, umlaut
    '\u030a': [[(-0.13, 0.27), (0.0, 0.4), (0.13, 0.27), (0.0, 0.14), (-0.13, 0.27)]],  # ring
    '\u030b': [[(0.0, 0.38), (-0.2, 0.15)], [(0.28, 0.38), (0.08, 0.15)]],  # double acute
    '\u030c': [[(-0.22, 0.36), (0.0, 0.15), (0.22, 0.36)]],  # caron
}
# Accents are above letters of this height, in capital heights.
_SMALL_LETTER_HEIGHT = 0.7
_LARGEST_ACCENT = 0.5


def text_width(text: str, height_px: float) -> int:
    """Width of a text, in pixels, whose capital letters are `height_px` high."""
    return round(_large_width(_split_accents(text)[0], height_px) / TEXT_SUPERSAMPLING)


def wrapped(text: str, height_px: float, width_px: float) -> list[str]:
    """The lines of a text that is broken at spaces, and within words that are wider than a line."""
    lines = ['']
    for word in text.split():
        longer = f'{lines[-1]} {word}'.strip()
        if text_width(longer, height_px) <= width_px:
            lines[-1] = longer
            continue
        lines.append('')
        for letter in unicodedata.normalize('NFC', word):
            if lines[-1] and text_width(lines[-1] + letter, height_px) > width_px:
                lines.append('')
            lines[-1] += letter
    return [line for line in lines if line]


def fitting_height(text: str, height_px: float, width_px: float) -> float:
    """The height, at most `height_px`, with which a text is at most `width_px` wide."""
    return height_px * min(1.0, width_px / max(1, text_width(text, height_px)))


def draw_text(
    image: np.ndarray, text: str, position: tuple[int, int], height_px: float, color: Color
) -> None:
    """Write a line of text into an image, in place; what lies outside is cut off.

    Args:
        image: (H, W, 3) uint8 RGB.
        text: Latin letters with their accents, and ASCII signs; others become `?`.
        position: (x, y) of the left end of the base line, px.
        height_px: of a capital letter.
        color: RGB.
    """
    # Written large and reduced: at small sizes OpenCV's own letters run together.
    plain, accents = _split_accents(text)
    scale, thickness = _large_font(height_px)
    (width, height), below = cv2.getTextSize(plain, FONT, scale, thickness)
    margin = TEXT_SUPERSAMPLING * 2
    above = math.ceil((height * (1 + _LARGEST_ACCENT) + margin) / TEXT_SUPERSAMPLING)
    rows = above + math.ceil((below + margin) / TEXT_SUPERSAMPLING)
    columns = math.ceil((width + 2 * margin) / TEXT_SUPERSAMPLING)
    large = np.zeros((rows * TEXT_SUPERSAMPLING, columns * TEXT_SUPERSAMPLING), np.uint8)
    origin = (margin, above * TEXT_SUPERSAMPLING)
    cv2.putText(large, plain, origin, FONT, scale, 255, thickness, cv2.LINE_AA)
    for index, accent in accents:
        _draw_accent(large, plain, index, accent, origin, height_px)
    ink = cv2.resize(large, (columns, rows), interpolation=cv2.INTER_AREA)[..., None] / 255.0

    left, top = position[0] - margin // TEXT_SUPERSAMPLING, position[1] - above
    first_row, first_column = max(0, -top), max(0, -left)
    box = image[max(0, top) : max(0, top + rows), max(0, left) : max(0, left + columns)]
    ink = ink[first_row : first_row + box.shape[0], first_column : first_column + box.shape[1]]
    box[:] = np.rint(box * (1.0 - ink) + np.array(color) * ink)


def _split_accents(text: str) -> tuple[str, list[tuple[int, str]]]:
    """ASCII letters, and the accents with the index of the letter that has them."""
    letters: list[str] = []
    accents = []
    for sign in unicodedata.normalize('NFKD', text.translate(_PLAIN)):
        if sign in _ACCENTS and letters:
            accents.append((len(letters) - 1, sign))
        elif not unicodedata.combining(sign):  # a cedilla, say: the plain letter tells enough
            letters.append(sign if sign.isascii() and sign.isprintable() else '?')
    return ''.join(letters), accents


def _draw_accent(
    large: np.ndarray,
    text: str,
    index: int,
    accent: str,
    origin: tuple[int, int],
    height_px: float,
) -> None:
    height = height_px * TEXT_SUPERSAMPLING
    _, thickness = _large_font(height_px)
    edges = [_large_width(text[:end], height_px) for end in (index, index + 1)]
    x = origin[0] + sum(edges) / 2
    is_tall = text[index].isupper() or text[index] in 'bdfhijklt'
    y = origin[1] - height * (1.0 if is_tall else _SMALL_LETTER_HEIGHT)
    for stroke in _ACCENTS[accent]:
        points = [(round(x + dx * height), round(y - dy * height)) for dx, dy in stroke]
        for first, second in itertools.pairwise(points):
            cv2.line(large, first, second, 255, thickness, cv2.LINE_AA)


def _large_width(text: str, height_px: float) -> int:
    (width, _), _ = cv2.getTextSize(text, FONT, *_large_font(height_px))
    return width


def _large_font(height_px: float) -> tuple[float, int]:
    """OpenCV's (scale, line width) of letters before they are reduced."""
    height = height_px * TEXT_SUPERSAMPLING
    return cv2.getFontScaleFromHeight(FONT, round(height)), max(1, round(height / 8))
