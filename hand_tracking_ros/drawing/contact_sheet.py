"""Frames of a recording with their hands, fitted into a size, and some of them on one page."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from hand_tracking_ros.drawing.skeleton import (
    LABEL_TEXT_COLOR,
    OUTLINE_COLOR,
    draw_hands,
)
from hand_tracking_ros.drawing.text import Color, draw_text, fitting_height, text_width, wrapped
from hand_tracking_ros.output_files import explained, replacing
from hand_tracking_ros.tracking.hand import Hand

NOT_PROCESSED = 'not processed'

MAX_TILES = 12
TILE_WIDTH_PX = 480
MAX_TILE_HEIGHT_PX = 480
GAP_PX = 16
CAPTION_HEIGHT_PX = 34
MARGIN_PX = 22  # above and below the header's text
SHEET_COLOR = (30, 33, 38)
CAPTION_COLOR = (176, 182, 190)
TITLE_HEIGHT_PX = 24
TEXT_HEIGHT_PX = 13
LINE_SPACING = 1.8  # from base line to base line, in letter heights
TIME_WIDTH_PX = 110


@dataclass(frozen=True)
class Shot:
    """One published frame.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        hands: found in it; None if the tracker did not process it.
        index: of the frame in the recording.
        time_s: since the first frame.
    """

    image: np.ndarray
    hands: Sequence[Hand] | None
    index: int
    time_s: float


def common_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(width, height) of a picture that shows frames of all these sizes well."""
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def render(shot: Shot, width: int, height: int) -> np.ndarray:
    """The frame with its hands, fitted into a picture of this size, (height, width, 3) RGB.

    Hands are drawn after fitting: lines and labels are equally sharp in every size.
    """
    canvas = np.full((height, width, 3), SHEET_COLOR, np.uint8)
    image_height, image_width = shot.image.shape[:2]
    scale = min(width / image_width, height / image_height)
    size = (max(1, round(image_width * scale)), max(1, round(image_height * scale)))
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(shot.image, size, interpolation=interpolation)
    if shot.hands is None:
        _draw_note(picture, NOT_PROCESSED)
    else:
        draw_hands(picture, shot.hands)
    canvas[top : top + size[1], left : left + size[0]] = picture
    return canvas


def choose_shots(has_hands: Sequence[bool], count: int = MAX_TILES) -> list[int]:
    """Indices of frames that show a recording well.

    One from each of equally long stretches: the one with hands that is nearest to the middle of
    the stretch, or the middle one if it has none.
    """
    count = min(count, len(has_hands))
    edges = [round(part * len(has_hands) / count) for part in range(count + 1)] if count else []
    return [_choose_shot(has_hands, *stretch) for stretch in itertools.pairwise(edges)]


def _choose_shot(has_hands: Sequence[bool], start: int, end: int) -> int:
    candidates = [index for index in range(start, end) if has_hands[index]]
    middle = (start + end - 1) / 2
    return min(candidates or range(start, end), key=lambda index: abs(index - middle))


class ContactSheet:
    """A page of evenly chosen frames.

    Args:
        title, subtitle: above the frames.
        num_tiles: how many frames `add` will bring.
        frame_size: (width, height) of the frames, for the shape of the tiles.
    """

    def __init__(
        self, title: str, subtitle: str, num_tiles: int, frame_size: tuple[int, int]
    ) -> None:
        width, height = frame_size
        self._tile_height = min(MAX_TILE_HEIGHT_PX, max(1, round(TILE_WIDTH_PX * height / width)))
        self._num_columns = max(1, min(4, math.ceil(math.sqrt(num_tiles))))
        num_rows = math.ceil(num_tiles / self._num_columns)
        self._num_tiles = 0
        rows_px = num_rows * (self._tile_height + CAPTION_HEIGHT_PX + GAP_PX)
        columns_px = self._num_columns * (TILE_WIDTH_PX + GAP_PX)
        header = self._header(title, subtitle, GAP_PX + columns_px)
        self._header_height = header.shape[0]
        rows = np.full((rows_px, GAP_PX + columns_px, 3), SHEET_COLOR, np.uint8)
        self._sheet = np.vstack([header, rows])

    def add(self, shot: Shot) -> None:
        """Put the next frame on the page."""
        row, column = divmod(self._num_tiles, self._num_columns)
        self._num_tiles += 1
        left = GAP_PX + column * (TILE_WIDTH_PX + GAP_PX)
        top = self._header_height + row * (self._tile_height + CAPTION_HEIGHT_PX + GAP_PX)
        tile = render(shot, TILE_WIDTH_PX, self._tile_height)
        self._sheet[top : top + self._tile_height, left : left + TILE_WIDTH_PX] = tile
        baseline = top + self._tile_height + 23
        words = f'frame {shot.index}: {describe_hands(shot.hands)}'
        time = f'{shot.time_s:.2f} s'
        for text, x, width in (
            (time, left, TIME_WIDTH_PX - GAP_PX),
            (words, left + TIME_WIDTH_PX, TILE_WIDTH_PX - TIME_WIDTH_PX),
        ):
            height_px = fitting_height(text, TEXT_HEIGHT_PX, width)
            color = LABEL_TEXT_COLOR if text is time else CAPTION_COLOR
            draw_text(self._sheet, text, (x, baseline), height_px, color)

    def save(self, path: Path) -> None:
        """Write the page as a picture file.

        Raises:
            UserError: the file cannot be written.
        """
        encoded = cv2.imencode(path.suffix, self._sheet[..., ::-1])[1]
        with replacing('', path) as unfinished, explained('', path):
            unfinished.write_bytes(encoded.tobytes())

    @staticmethod
    def _header(title: str, subtitle: str, width: int) -> np.ndarray:
        """The rows of the page above the frames."""
        lines: list[tuple[str, int, Color]] = []
        for text, height_px, color in (
            (title, TITLE_HEIGHT_PX, LABEL_TEXT_COLOR),
            (subtitle, TEXT_HEIGHT_PX, CAPTION_COLOR),
        ):
            rows = wrapped(text, height_px, width - 2 * GAP_PX)
            lines += [(row, height_px, color) for row in rows]
        # What hangs below a line's letters needs room above smaller ones.
        spaces = [round(height_px * LINE_SPACING) for _, height_px, _ in lines]
        steps = [max(pair) for pair in itertools.pairwise([0, *spaces])]
        header = np.full((2 * MARGIN_PX + sum(steps), width, 3), SHEET_COLOR, np.uint8)
        baseline = MARGIN_PX
        for (text, height_px, color), step in zip(lines, steps, strict=True):
            baseline += step
            draw_text(header, text, (GAP_PX, baseline), height_px, color)
        return header


def describe_hands(hands: Sequence[Hand] | None) -> str:
    """A few words, such as `left, right` or `no hand`."""
    if hands is None:
        return NOT_PROCESSED
    sides = Counter(hand.handedness.name.lower() for hand in hands)
    words = [f'{count} x {side}' if count > 1 else side for side, count in sorted(sides.items())]
    return ', '.join(words) or 'no hand'


def _draw_note(image: np.ndarray, text: str) -> None:
    """Text in a box in the first corner."""
    height_px = max(9, image.shape[0] // 45)
    margin = height_px // 2 + 2
    width = text_width(text, height_px) + 2 * margin
    image[: height_px + 2 * margin, :width] = OUTLINE_COLOR
    draw_text(image, text, (margin, margin + height_px), height_px, LABEL_TEXT_COLOR)
