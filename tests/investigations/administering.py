"""What the tests of the admin share: its addresses, its pages, its actions."""

from typing import Any

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User


def page(name: str, *args: Any, **query: str) -> str:
    address = reverse(f"admin:{name}", args=args)
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else address


def shown(client: Client, user: User, address: str) -> str:
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.content.decode()


def act(client: Client, user: User, model: str, action: str, *rows: Any, reason: str = "") -> list[str]:
    """Run an action on rows of a list; return what it said."""
    client.force_login(user)
    chosen = {"action": action, "reason": reason, "_selected_action": [row.pk for row in rows]}
    client.cookies.pop("messages", None)  # what an earlier action said
    response = client.post(page(f"{model}_changelist"), chosen)
    return [str(message) for message in get_messages(response.wsgi_request)]
