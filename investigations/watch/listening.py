"""Each ended analysis has its plates compared with the watch list."""

from typing import Any

from inference.signals import sightings_written


def listen() -> None:
    sightings_written.connect(check, dispatch_uid="investigations.watch")


def check(sender: Any, *, analysis_id: int, **kwargs: Any) -> None:
    """Enqueue the check. Where no broker answers, the clock's round of what was missed makes up for it."""
    from investigations.watch.tasks import check_analysis  # not with the app: it brings the whole search with it

    check_analysis.delay(analysis_id)
