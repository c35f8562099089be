"""Live pushes reach who may see the request, and nobody else."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from investigations import events
from investigations.consumers import FORBIDDEN, RequestConsumer
from investigations.models import SearchRequest
from portal.accounts.models import User
from tests.investigations.sockets import hear

EVENT: events.Event = {"type": "candidates.changed", "search": 7}


def listen(user: Any, request_id: int, *, before_event: Any = None) -> list[Any]:
    """Push one event of the request while `user` listens; see `hear`."""

    def act() -> None:
        if before_event:
            before_event()
        events._send(events.request_group(request_id), EVENT)

    return hear(RequestConsumer, user, act, pk=request_id)


@pytest.mark.parametrize("who", ["officer", "colleague", "operator", "supervisor"])
def test_people_of_the_request_hear_of_it(
    who: str, committing_db: None, request_: SearchRequest, request: pytest.FixtureRequest
) -> None:
    assert listen(request.getfixturevalue(who), request_.pk) == ['{"type": "candidates.changed", "search": 7}']


@pytest.mark.parametrize("who", ["outsider", "stranger", "administrator"])
def test_others_are_turned_away(
    who: str, committing_db: None, request_: SearchRequest, request: pytest.FixtureRequest
) -> None:
    assert listen(request.getfixturevalue(who), request_.pk) == [FORBIDDEN]


def test_visitors_and_unknown_requests_are_turned_away(
    committing_db: None, request_: SearchRequest, operator: User
) -> None:
    assert listen(AnonymousUser(), request_.pk) == [FORBIDDEN]
    assert listen(operator, request_.pk + 1) == [FORBIDDEN]


def test_a_right_that_ends_ends_the_listening(committing_db: None, request_: SearchRequest, operator: User) -> None:
    def disable() -> None:
        User.objects.filter(pk=operator.pk).update(is_active=False)

    assert listen(operator, request_.pk, before_event=disable) == [FORBIDDEN]


def test_a_broken_channel_layer_does_not_undo_the_verb(
    settings: Any, request_: SearchRequest, supervisor: User, django_capture_on_commit_callbacks: Any
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": ["unix:///nowhere/redis.sock"]},
        }
    }
    with django_capture_on_commit_callbacks(execute=True):
        events.push(request_.pk, EVENT)
