"""Detectors of persons and vehicles."""

from inference.core.detector.base import Detector
from inference.core.detector.loader import load_detector

__all__ = ["Detector", "load_detector"]
