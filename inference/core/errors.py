"""What can go wrong in the core. Every message is one clear sentence for the user."""


class CoreError(Exception):
    """Anything the core refuses or cannot do."""


class VideoError(CoreError):
    """A recording cannot be opened, holds no video or no readable frame."""


class ImageError(CoreError):
    """A picture cannot be read, is too small or too large."""


class ModelError(CoreError):
    """A model is unknown, cannot be fetched, or is not the file the manifest names."""


class Cancelled(CoreError):  # noqa: N818 — an order carried out, not an error
    """The caller asked to stop."""
