"""Ask a worker for something that somebody waits for: the models are loaded there, and nowhere else.

The answer comes back through Redis, where it waits for a few seconds: nothing of it is stored.
"""

import json
from contextlib import closing
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from inference.core.errors import CoreError, say

WAIT_S = 5.0
# An answer to somebody who has stopped waiting goes after so long.
KEPT_S = 20


class NobodyAnswers(CoreError):  # noqa: N818 -- an answer, not a fault
    """No worker has answered in time."""

    def __init__(self) -> None:
        super().__init__(_("The detector is busy or does not run just now. Draw the box yourself, or try again."))


def ask(task: Any, *args: Any) -> list[dict[str, Any]]:
    """Have a worker do `task`, wait for it, and return the boxes that it found.

    Never call it inside a transaction. CoreError says in words what the worker refused.
    """
    place = f"dongseon:answer:{uuid4().hex}"
    try:
        with closing(_redis()) as redis:
            redis.ping()  # says at once that nobody is there; the queue would go on trying for long
            # Who has given up waiting is not answered: the worker leaves an expired task out.
            task.apply_async(args, {"reply_to": place}, expires=WAIT_S, retry=False)
            popped: Any = redis.blpop([place], timeout=WAIT_S)
    except (OperationalError, RedisError, OSError) as error:
        raise NobodyAnswers from error
    if popped is None:
        raise NobodyAnswers
    answer = json.loads(popped[1])
    if "refusal" in answer:
        raise CoreError(say(answer["refusal"], **answer["values"]))
    boxes: list[dict[str, Any]] = answer["boxes"]
    return boxes


def reply(place: str, answer: dict[str, Any]) -> None:
    """Send a worker's answer to whoever waits for it."""
    with closing(_redis()) as redis, redis.pipeline() as steps:
        steps.lpush(place, json.dumps(answer))
        steps.expire(place, KEPT_S)
        steps.execute()


def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=WAIT_S + 1, socket_connect_timeout=WAIT_S)
