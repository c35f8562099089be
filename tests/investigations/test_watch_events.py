"""Live pushes of the watch list reach the centre's own people, and nobody else."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from investigations import events
from investigations.consumers import FORBIDDEN, WatchConsumer
from portal.accounts.models import Agency, User
from tests.investigations.sockets import hear

EVENT: events.WatchChanged = {"type": "watch.changed", "entry": 7, "what": "alerts"}


def listen(user: Any, centre: Agency, *, before_event: Any = None) -> list[Any]:
    """Push one event of the centre while `user` listens; see `hear`."""

    def act() -> None:
        if before_event:
            before_event()
        events._send(events.watch_group(centre.pk), EVENT)

    return hear(WatchConsumer, user, act)


SAID = ['{"type": "watch.changed", "entry": 7, "what": "alerts"}']


@pytest.mark.parametrize(
    ("who", "heard"),
    [
        ("operator", SAID),
        ("supervisor", SAID),
        ("stranger", []),
        ("officer", [FORBIDDEN]),
        ("administrator", [FORBIDDEN]),
    ],
)
def test_only_the_centres_people_hear_of_it(
    who: str, heard: list[Any], committing_db: None, centre: Agency, request: pytest.FixtureRequest
) -> None:
    assert listen(request.getfixturevalue(who), centre) == heard


def test_a_visitor_is_turned_away(committing_db: None, centre: Agency) -> None:
    assert listen(AnonymousUser(), centre) == [FORBIDDEN]


@pytest.mark.parametrize("change", ["role", "agency"])
def test_who_loses_the_right_hears_no_more(
    change: str, committing_db: None, centre: Agency, other_centre: Agency, operator: User
) -> None:
    values: dict[str, Any] = {"role": "officer"} if change == "role" else {"agency": other_centre}
    lose = User.objects.filter(pk=operator.pk).update
    assert listen(operator, centre, before_event=lambda: lose(**values)) == [FORBIDDEN]
