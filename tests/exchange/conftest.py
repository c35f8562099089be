"""What the tests of webhooks share."""

from collections.abc import Iterator
from typing import Any

import pytest

from portal.accounts.models import Agency, User
from portal.exchange.models import Webhook
from tests.exchange.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def _events(settings: Any) -> None:
    settings.WEBHOOK_EVENTS = {"answer.sent": "answer sent", "answer.changed": "answer changed"}
    settings.WEBHOOK_ALSO_ALLOWED = ["127.0.0.1/32"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def webhook(station: Agency, receiver: Receiver) -> Webhook:
    return Webhook.objects.create(agency=station, name="KICS", url=receiver.url, events=["answer.sent"])


@pytest.fixture
def keeper(station: Agency) -> User:
    """The station's own administrator."""
    return User.objects.create_user("keeper", role="administrator", agency=station, is_staff=True)
