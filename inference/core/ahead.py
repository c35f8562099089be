"""Run an iterator in a thread of its own, some items ahead, so that decoding and inference overlap."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_END = object()
_POLL_S = 0.1


def ahead(items: Iterator[T], depth: int) -> Generator[T, None, None]:
    """Give the items of an iterator that runs at most `depth` items ahead in a thread.

    An error in the iterator is raised here, in its place. When the consumer stops early, the thread ends and
    closes the iterator.
    """
    waiting: queue.Queue[object] = queue.Queue(maxsize=depth)
    is_stopped = threading.Event()
    worker = threading.Thread(target=_produce, args=(items, waiting, is_stopped), daemon=True)
    worker.start()
    try:
        while (item := waiting.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item  # type: ignore[misc]  # the queue holds items, failures and the end mark
    finally:
        is_stopped.set()
        worker.join()


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _produce(items: Iterator[T], waiting: queue.Queue[object], is_stopped: threading.Event) -> None:
    try:
        for item in items:
            if not _put(item, waiting, is_stopped):
                return
        _put(_END, waiting, is_stopped)
    except BaseException as error:  # handed over to the consumer, whatever it is
        _put(_Failure(error), waiting, is_stopped)
    finally:
        if isinstance(items, Generator):
            items.close()


def _put(item: object, waiting: queue.Queue[object], is_stopped: threading.Event) -> bool:
    while not is_stopped.is_set():
        with suppress(queue.Full):
            waiting.put(item, timeout=_POLL_S)
            return True
    return False
