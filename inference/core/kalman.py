"""A constant-velocity Kalman filter for one box, with time in seconds.

Centre x, centre y, width and height are filtered independently: their noises are not correlated in this
model, so the usual 8×8 matrices fall apart into four 2×2 ones (position, velocity), kept here as plain
arrays. Acceleration is white noise, integrated over the real time step, so frames may come at any spacing.
Reference: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section
    6.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box


@dataclass(frozen=True)
class MotionNoise:
    """Standard deviations, in box heights, so that near and far objects are treated alike.

    Attributes:
        position: Error of a detected centre.
        size: Error of a detected width or height.
        acceleration: Change of a centre's velocity, heights per second per square root of a second.
        growth: Likewise for width and height.
        start_speed: Speed an object may have when first seen, heights per second.
    """

    position: float = 0.05
    size: float = 0.08
    acceleration: float = 0.4
    growth: float = 0.15
    start_speed: float = 1.0
    keep_speed_s: float = 3.0
    keep_growth_s: float = 0.5


class BoxFilter:
    """The state of one box: for cx, cy, w, h each a position, a velocity and their covariance."""

    def __init__(self, box: Box, noise: MotionNoise) -> None:
        self._noise = noise
        self._position = _measured(box)
        self._velocity = np.zeros(4)
        height = max(box.height, 1.0)
        self._var_p = (self._measure_std() * height) ** 2
        self._var_v = (np.asarray([noise.start_speed] * 2 + [noise.start_speed / 4] * 2) * height) ** 2
        self._cov = np.zeros(4)

    @property
    def box(self) -> Box:
        cx, cy, width, height = self._position
        width, height = max(width, 1.0), max(height, 1.0)
        return Box(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)

    def predict(self, dt_s: float) -> None:
        """Move on by `dt_s` seconds."""
        height = max(self._position[3], 1.0)
        noise = self._noise
        q = (np.asarray([noise.acceleration] * 2 + [noise.growth] * 2) * height) ** 2
        tau = np.asarray([noise.keep_speed_s] * 2 + [noise.keep_growth_s] * 2)
        keep = np.exp(-dt_s / tau)
        reach = tau * (1 - keep)
        self._position = self._position + self._velocity * reach
        self._velocity = self._velocity * keep
        self._var_p = self._var_p + 2 * reach * self._cov + reach**2 * self._var_v + q * dt_s**3 / 3
        self._cov = keep * (self._cov + reach * self._var_v) + q * dt_s**2 / 2
        self._var_v = keep**2 * self._var_v + q * dt_s

    def correct(self, box: Box, score: float) -> None:
        """Take in a detection; a weak one moves the state less.

        Reference: Du et al., GIAOTracker (NSA Kalman filter), ICCV workshops 2021.
        """
        height = max(self._position[3], 1.0)
        measure_var = (self._measure_std() * height) ** 2 * max(1.0 - score, 0.05) * 2
        gain_p = self._var_p / (self._var_p + measure_var)
        gain_v = self._cov / (self._var_p + measure_var)
        innovation = _measured(box) - self._position
        self._position = self._position + gain_p * innovation
        self._velocity = self._velocity + gain_v * innovation
        self._var_v = self._var_v - gain_v * self._cov
        self._cov = (1 - gain_p) * self._cov
        self._var_p = (1 - gain_p) * self._var_p

    def _measure_std(self) -> NDArray[np.float64]:
        return np.asarray([self._noise.position] * 2 + [self._noise.size] * 2)


def _measured(box: Box) -> NDArray[np.float64]:
    return np.asarray([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height])
