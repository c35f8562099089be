"""A request that is sent twice is carried out once: `Idempotency-Key`.

The answer is kept in the transaction of what the request did, so that a crash leaves both or neither. Of two at once
one waits for the other (for SQLite's lock, or on PostgreSQL's unique index), and then finds its answer.
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.rights import acting_user
from portal.exchange.models import KeptAnswer

HEADER, REPLAYED_HEADER = "Idempotency-Key", "Idempotency-Replayed"
LONGEST_KEY = 200
KEY_PATTERN = rf"^[!-~]{{1,{LONGEST_KEY}}}$"
# What a view raises to refuse. Anything else is a crash, which undoes everything.
REFUSALS = (exceptions.APIException, ValidationError, PermissionDenied, Http404)

Act = TypeVar("Act", bound=Callable[..., Any])


class KeyReused(exceptions.APIException):
    """The key stands for another request."""

    status_code = 422


def idempotent(act: Act) -> Act:
    """Decorate a view's `post` that creates something, so that clients may send it again after a broken connection."""

    @wraps(act)
    def respond(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return act(view, request, *args, **kwargs)
        return _answer_once(request, key, lambda: act(view, request, *args, **kwargs))

    respond.is_idempotent = True  # type: ignore[attr-defined]  # read by the schema
    return cast(Act, respond)


def remove_expired() -> None:
    KeptAnswer.objects.expired().delete()


def _answer_once(request: Request, key: str, act: Callable[[], Response]) -> HttpResponse:
    if not re.fullmatch(KEY_PATTERN, key):
        refusal = _("%(header)s has 1 to %(length)d visible ASCII characters.")
        raise exceptions.ValidationError({"detail": refusal % {"header": HEADER, "length": LONGEST_KEY}})
    actor, fingerprint = acting_user(request), _fingerprint(request)
    refusal_raised: Exception | None = None
    with transaction.atomic():
        KeptAnswer.objects.expired().filter(user=actor, key=key).delete()
        kept, is_new = KeptAnswer.objects.get_or_create(user=actor, key=key, defaults={"fingerprint": fingerprint})
        if not is_new:
            return _replay(kept, fingerprint)
        try:
            response = act()
            _keep(kept, response)
        except REFUSALS as refusal:
            # Refused is not done: the request may be mended and sent again. What the verb wrote about it stays.
            kept.delete()
            refusal_raised = refusal
    if refusal_raised:
        raise refusal_raised
    return response


def _keep(kept: KeptAnswer, response: Response) -> None:
    if response.status_code >= 400:
        kept.delete()
        return
    kept.status = response.status_code
    kept.body = JSONRenderer().render(response.data).decode()
    kept.save(update_fields=["status", "body"])


def _replay(kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        raise KeyReused(_("This key was used for another request. Take a new key for each thing you ask for."))
    headers = {REPLAYED_HEADER: "true"}
    return HttpResponse(kept.body, status=kept.status, content_type="application/json", headers=headers)


def _fingerprint(request: Request) -> str:
    """The SHA-256 of what was asked for. Of a form its fields and files: its boundary differs each time it is sent."""
    asked = [request.method, request.get_full_path(), _described(request.data)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _described(data: Any) -> Any:
    if isinstance(data, QueryDict):
        return {name: [_described(value) for value in values] for name, values in data.lists()}
    if isinstance(data, UploadedFile):
        digest = hashlib.sha256()
        for chunk in data.chunks():
            digest.update(chunk)
        data.seek(0)
        return {"name": data.name, "type": data.content_type, "sha256": digest.hexdigest()}
    return data
