"""What several pages share: a verb's refusal as a message, a request's numbers, and what its end brings."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from investigations.models import Candidate, SearchRequest
from portal.accounts.models import User

LONGEST_ID = 18


def attempt(request: HttpRequest, verb: Callable[[], Any], success: str = "") -> bool:
    """Call a verb; say its refusal, or `success`, in a message. True if it went well."""
    try:
        verb()
    except (PermissionDenied, ValidationError) as error:
        messages.error(request, " ".join(as_validation(error).messages))
        return False
    if success:
        messages.success(request, success)
    return True


def as_validation(error: PermissionDenied | ValidationError) -> ValidationError:
    return error if isinstance(error, ValidationError) else ValidationError(str(error))


def wants_json(request: HttpRequest) -> bool:
    """True for the pages' scripts, which send forms without leaving the page."""
    return "application/json" in request.headers.get("Accept", "")


def refusal(error: PermissionDenied | ValidationError) -> JsonResponse:
    """A verb's refusal for the pages' scripts, which show the sentence and keep what was typed."""
    return JsonResponse({"detail": " ".join(as_validation(error).messages)}, status=400)


def progress_of(search_request: SearchRequest, viewer: User) -> dict[str, int]:
    """Numbers only, which the asking station may know: how much was searched, seen through and confirmed. A sighting
    that several searches found counts once.

    Who may still give a second opinion learns nothing of the first ones from them either.
    """
    rows = Candidate.objects.filter(search__request=search_request)
    known = rows.known_to(viewer) if viewer.is_centre_member else rows
    return {
        "searches": search_request.searches.count(),
        "candidates": rows.aggregate(count=Count("sighting", distinct=True))["count"],
        **known.aggregate(
            decided=Count("sighting", distinct=True, filter=~Q(decision=Candidate.Decision.PENDING)),
            confirmed=Count("sighting", distinct=True, filter=Q(decision=Candidate.Decision.CONFIRMED)),
        ),
    }


def numbers_in(words: Iterable[str]) -> list[int]:
    """The numbers of rows among the words of a form or an address; what can be none is left out."""
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= LONGEST_ID]


def endings_of(requests: Iterable[SearchRequest]) -> list[dict[str, Any]]:
    """For each way to end: what it would mean for the data of these requests, to be read before one chooses."""
    rows = list(requests)
    return [
        {"value": outcome.value, "label": outcome.label, "fates": _fates(rows, outcome)}
        for outcome in SearchRequest.Outcome
    ]


def _fates(rows: list[SearchRequest], outcome: str) -> list[dict[str, Any]]:
    """The requests that share a time for which their data is kept, together."""
    by_days = sorted(rows, key=lambda row: (row.days_kept(outcome), row.pk))
    return [
        {
            "requests": ", ".join(str(row) for row in group),
            "days": days,
            "date": timezone.now() + timedelta(days=days),
        }
        for days, group in groupby(by_days, key=lambda row: row.days_kept(outcome))
    ]
