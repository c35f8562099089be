"""The store of features, for finding the most similar. One contract; one file per engine."""

from inference.gallery.contract import Found, Gallery, Match
from inference.gallery.faiss import FaissGallery

__all__ = ["FaissGallery", "Found", "Gallery", "Match"]
