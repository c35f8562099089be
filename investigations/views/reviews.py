"""The queue of second opinions: one candidate at a time, shown without what the first person decided."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from investigations import workflow
from investigations.models import Candidate, QueryPicture, SecondReview
from investigations.pictures import plate_url, query_picture_url, sighting_url
from investigations.reads import marks_of, read_of
from investigations.services.looks import view_candidate
from investigations.services.reviews import review_candidate
from investigations.views.common import attempt, numbers_in
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

MOST_SKIPPED = 200


@require_GET
def review_queue(request: HttpRequest) -> HttpResponse:
    """The next candidate for this person; what they skipped comes again when nothing else is left."""
    user = acting_user(request)
    require_right(user, Right.DECIDE_CANDIDATE)
    queue = Candidate.objects.awaiting_second_review(user)
    skipped = numbers_in(request.GET.getlist("skip"))[-MOST_SKIPPED:]
    candidate = queue.exclude(pk__in=skipped).first()
    if candidate is None and skipped:
        skipped, candidate = [], queue.first()
    waiting, given = queue.count(), _given_today(user)
    context = {
        "shown": _shown(candidate, user) if candidate else None,
        "skipped": skipped,
        "skip_url": _address([*skipped, candidate.pk]) if candidate else "",
        "waiting": waiting,
        "given": given,
        "total": waiting + given,
        "disputed": _disputed(user),
    }
    return render(request, "investigations/review_queue.html", context)


@require_POST
def review_give(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a verdict on a candidate that was shown, and go on to the next."""
    user = acting_user(request)
    require_right(user, Right.DECIDE_CANDIDATE)
    candidate = get_object_or_404(Candidate.objects.visible_to(user).select_related("search__request"), pk=pk)
    verdict, reason = request.POST.get("verdict", ""), request.POST.get("reason", "")[:2000]
    if Candidate.objects.awaiting_second_review(user).filter(pk=pk).exists():
        attempt(request, lambda: review_candidate(candidate, verdict, reason=reason, actor=user))
    else:
        # Also of what never waited: whether somebody has decided is not told.
        messages.info(request, _("This candidate does not wait for your second opinion, or no longer."))
    return redirect(_address(numbers_in(request.POST.getlist("skip"))[-MOST_SKIPPED:]))


def _shown(candidate: Candidate, user: User) -> dict[str, Any]:
    """What is needed to compare, and nothing that tells of the first decision: no similarity, no rank."""
    view_candidate(candidate, actor=user)
    pictures = QueryPicture.objects.visible_to(user).filter(search=candidate.search, is_against=False).exclude(image="")
    return {
        "candidate": candidate,
        "sighting": candidate.sighting,
        "request": candidate.search.request,
        "picture": sighting_url(candidate.sighting_id, user),
        "plate": _plate(candidate, user),
        "queries": [{"row": picture, "url": query_picture_url(picture, user)} for picture in pictures],
    }


def _plate(candidate: Candidate, user: User) -> dict[str, Any] | None:
    """What was read of its number plate, with what differs from the one that is looked for."""
    plate = read_of(candidate.sighting, candidate.plate)
    if plate is None:
        return None
    is_asked = candidate.plate_distance is not None
    marks = marks_of(candidate.search, plate.text) if is_asked else ()
    return {"row": plate, "url": plate_url(plate.pk, user), "marks": marks}


def _given_today(user: User) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return SecondReview.objects.filter(reviewer=user, at__gte=midnight).count()


def _disputed(user: User) -> list[dict[str, Any]]:
    """For supervisors: the requests in which two people disagree, with how many times."""
    if not has_right(user, Right.APPROVE_REQUEST):
        return []
    rows = Candidate.objects.visible_to(user).filter(search__request__status__in=workflow.AT_CENTRE).disputed()
    counts: dict[Any, int] = {}
    for candidate in rows.select_related("search__request__case"):
        counts[candidate.search.request] = counts.get(candidate.search.request, 0) + 1
    return [{"request": row, "count": count} for row, count in counts.items()]


def _address(skipped: Sequence[int]) -> str:
    query = urlencode({"skip": list(skipped)}, doseq=True)
    return reverse("review-queue") + (f"?{query}" if query else "")
