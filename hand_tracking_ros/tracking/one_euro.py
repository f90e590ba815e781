"""The One-Euro filter, for points and for rotations.

A low-pass filter whose cutoff rises with speed: values at rest are smoothed much, fast ones are
hardly delayed. Casiez, Roussel, Vogel: "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy
Input in Interactive Systems", CHI 2012. Differences from the paper:
- the speed is that of the raw values, one for all coordinates of a point;
- the cutoff rises only with speed above the one that noise alone causes;
- the first values after a start are averaged, as such a slow filter would otherwise remember the
  very first one for a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hand_tracking_ros.tracking import rotations

# Keep divisions from 0 / 0.
_EPS, _TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class OneEuroOptions:
    """How much to smooth.

    Attributes:
        min_cutoff_hz: cutoff at rest. Lower: less jitter, slower to settle.
        cutoff_per_speed: what the cutoff gains with speed, Hz per (unit / s); the paper's beta.
            Higher: less lag in motion.
        noise_speed: speed, unit / s, that counts by half; slower ones hardly count. Higher: less
            jitter of noisy values, more lag in slow motion. 0 is the paper's filter.
        speed_cutoff_hz: cutoff of the low-pass filter on the speed itself.
    """

    min_cutoff_hz: float = 0.2
    cutoff_per_speed: float = 6.0
    noise_speed: float = 0.5
    speed_cutoff_hz: float = 1.0


class OneEuroFilter:
    """Smooths points over time, each by its own speed."""

    def __init__(self) -> None:
        self._raw: np.ndarray | None = None

    def filter(
        self, values: np.ndarray, step_s: float, unit: float, options: OneEuroOptions
    ) -> np.ndarray:
        """The next smoothed points.

        Args:
            values: (N, D), the same shape in every call.
            step_s: time since the last call, >= 0; without meaning in the first call. A step of 0
                changes nothing.
            unit: the length, in the values' own unit, that speeds are measured in.
            options: how much to smooth.

        Returns:
            (N, D) float64. Values that are not finite are returned as they are, and whatever
            follows them begins anew.
        """
        raw = np.asarray(values, np.float64)
        if not np.isfinite(raw).all():
            self._raw = None
            return raw
        if self._raw is None:
            self._gain, self._raw, self._smooth = _Gain(), raw, raw
        elif step_s > 0:
            velocity = (raw - self._raw) / (step_s * max(unit, _EPS))
            gain = self._gain.update(velocity, step_s, options)
            self._raw, self._smooth = raw, self._smooth + gain * (raw - self._smooth)
        return self._smooth


class OneEuroRotationFilter:
    """Smooths a rotation, always the shortest way towards the next one."""

    def __init__(self) -> None:
        self._raw: np.ndarray | None = None

    def filter(self, rotation: np.ndarray, step_s: float, options: OneEuroOptions) -> np.ndarray:
        """The next smoothed rotation.

        Args:
            rotation: (3, 3), finite.
            step_s: as for points.
            options: how much to smooth; speeds are in rad / s.

        Returns:
            (3, 3) float64.
        """
        raw = rotations.quaternion_from_matrix(rotation)
        if self._raw is None:
            self._gain, self._raw, self._smooth = _Gain(), raw, raw
        elif step_s > 0:
            velocity = _turn(self._raw, raw) / step_s
            gain = self._gain.update(velocity[None], step_s, options).item()
            step = rotations.quaternion_from_rotation_vector(gain * _turn(self._smooth, raw))
            self._raw, self._smooth = raw, rotations.product(step, self._smooth)
        return rotations.matrix_from_quaternion(self._smooth)


def _turn(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) from one unit quaternion (4,) to another."""
    inverse = start * [-1.0, -1.0, -1.0, 1.0]
    return rotations.rotation_vector_from_quaternion(rotations.product(end, inverse))


class _Gain:
    """The share of new values in the smoothed ones, given their velocities."""

    def __init__(self) -> None:
        self._num_steps = 0
        self._elapsed_s = 0.0
        self._velocity: np.ndarray | float = 0.0

    def update(self, velocity: np.ndarray, step_s: float, options: OneEuroOptions) -> np.ndarray:
        """Gains (N, 1), 0 to 1, for velocities (N, D)."""
        self._num_steps += 1
        self._elapsed_s += step_s
        gain = max(_low_pass_gain(options.speed_cutoff_hz, step_s), step_s / self._elapsed_s)
        self._velocity = self._velocity + gain * (velocity - self._velocity)
        speed = np.linalg.norm(self._velocity, axis=1, keepdims=True)
        share = speed**2 / (speed**2 + options.noise_speed**2 + _TINY)
        cutoff_hz = options.min_cutoff_hz + options.cutoff_per_speed * share * speed
        return np.maximum(_low_pass_gain(cutoff_hz, step_s), 1 / (1 + self._num_steps))


def _low_pass_gain(cutoff_hz: np.ndarray | float, step_s: float) -> np.ndarray | float:
    """Share of the new value in the output of a first-order low-pass filter."""
    return 1 - 1 / (1 + 2 * np.pi * cutoff_hz * step_s)
