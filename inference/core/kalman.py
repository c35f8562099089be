"""A Kalman filter for one box, with time in seconds.

Centres move at constant velocity disturbed by white-noise acceleration, sizes wander without one: measured on walking
people, a size that keeps growing through an occlusion loses the track. The four quantities are filtered independently,
so the usual 8×8 matrices fall apart into a variance of the position, one of the velocity and their covariance, and the
noise is integrated over the real time step: frames may come at any spacing.
Reference: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, section 6.2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.core.detections import Box

# 1 for the quantities that have a velocity: centre x, centre y; width and height have none.
_IS_MOVING = np.asarray([1.0, 1.0, 0.0, 0.0])
_LEAST_DOUBT = 0.05


@dataclass(frozen=True)
class MotionNoise:
    """Standard deviations, in box heights, so that near and far objects are treated alike.

    Attributes:
        position: Error of a detected centre.
        size: Error of a detected width or height.
        acceleration: Change of a centre's velocity: heights per second, after one second.
        growth: Change of width and height: heights, after one second.
        start_speed: Speed an object may have when first seen, heights per second.
    """

    position: float = 0.05
    size: float = 0.08
    acceleration: float = 0.4
    growth: float = 0.1
    start_speed: float = 1.0


class BoxFilter:
    """The state of one box: centre x, centre y, width, height (4 float64 each for value, velocity, variances)."""

    def __init__(self, box: Box, noise: MotionNoise) -> None:
        self._noise = noise
        self._value = _measured(box)
        self._velocity = np.zeros(4)
        self._variance = self._measure_variance()
        self._velocity_variance = (noise.start_speed * self._height) ** 2 * _IS_MOVING
        self._covariance = np.zeros(4)

    @property
    def box(self) -> Box:
        """The box expected now."""
        cx, cy, width, height = self._value
        width, height = max(width, 1.0), max(height, 1.0)
        return Box(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)

    def predict(self, dt_s: float) -> None:
        """Move on by `dt_s` seconds."""
        acceleration = (self._noise.acceleration * self._height) ** 2 * _IS_MOVING
        growth = (self._noise.growth * self._height) ** 2 * (1 - _IS_MOVING)
        self._value = self._value + self._velocity * dt_s
        self._variance = (
            self._variance
            + 2 * dt_s * self._covariance
            + dt_s**2 * self._velocity_variance
            + acceleration * dt_s**3 / 3
            + growth * dt_s
        )
        self._covariance = self._covariance + dt_s * self._velocity_variance + acceleration * dt_s**2 / 2
        self._velocity_variance = self._velocity_variance + acceleration * dt_s

    def correct(self, box: Box, score: float) -> None:
        """Take in a detection; a weak one moves the state less.

        Reference: Du et al., GIAOTracker (NSA Kalman filter), ICCV workshops 2021.
        """
        doubt = 2 * max(1.0 - score, _LEAST_DOUBT)
        total = self._variance + self._measure_variance() * doubt
        gain, velocity_gain = self._variance / total, self._covariance / total
        surprise = _measured(box) - self._value
        self._value = self._value + gain * surprise
        self._velocity = self._velocity + velocity_gain * surprise
        self._velocity_variance = self._velocity_variance - velocity_gain * self._covariance
        self._covariance = (1 - gain) * self._covariance
        self._variance = (1 - gain) * self._variance

    @property
    def _height(self) -> float:
        return max(float(self._value[3]), 1.0)

    def _measure_variance(self) -> NDArray[np.float64]:
        deviation = np.asarray([self._noise.position] * 2 + [self._noise.size] * 2)
        return (deviation * self._height) ** 2


def _measured(box: Box) -> NDArray[np.float64]:
    return np.asarray([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height])
