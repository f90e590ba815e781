"""Measures the package: `speed` beside MediaPipe, `accuracy` against the truth. Not installed."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
