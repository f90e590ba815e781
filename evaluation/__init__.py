"""Measures the package: `speed` beside MediaPipe, `accuracy` against the truth. Not installed."""
