"""Pages in which the centre answers: choose what is answered with, write, send; and what was sent."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cameras.views import has_tiles
from investigations import workflow
from investigations.certificate import build_certificate
from investigations.models import Candidate, EvidencePackage, SearchRequest
from investigations.pictures import sighting_url
from investigations.reads import read_of
from investigations.sentences import first_sentence
from investigations.serializers.paths import PathPointSerializer
from investigations.services.answers import send_answer
from investigations.services.looks import keep_viewing_case, view_sightings
from investigations.services.paths import points_of
from investigations.views.answers import answers_to, describe_certificate
from investigations.views.common import as_validation, numbers_in
from investigations.views.state import requests_of
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right


@require_http_methods(["GET", "POST"])
def answer_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer for good with what two people agree about, provisionally with what one has confirmed, or with nothing."""
    row, user = _found(request, pk)
    is_provisional = "provisional" in request.GET or "provisional" in request.POST
    candidates = _answerable(row, user, is_provisional=is_provisional)
    chosen = {candidate.pk for candidate in candidates}
    text = ""
    if request.method == "POST":
        chosen, text = set(numbers_in(request.POST.getlist("candidate"))), request.POST.get("text", "")
        try:
            answered = _chosen(candidates, chosen)
            answer = send_answer(row, answered, text, is_provisional=is_provisional, actor=user)
        except (PermissionDenied, ValidationError) as error:
            messages.error(request, " ".join(as_validation(error).messages))
        else:
            messages.success(request, _("The answer was sent to %(station)s.") % {"station": row.case.agency})
            return redirect(f"{reverse('request-answers', args=[pk])}#answer-{answer.number}")
    elif not _can_answer(row):
        said = _("This request is “%(status)s”: it cannot be answered now.")
        messages.error(request, said % {"status": row.get_status_display()})
        return redirect("workspace", pk=pk)
    keep_viewing_case(row.case, actor=user)
    context = _page(row, user, candidates, chosen, text) | {"is_provisional": is_provisional}
    return render(request, "investigations/answer_form.html", context)


@require_GET
def answer_preview(request: HttpRequest, pk: int) -> JsonResponse:
    """The path that the chosen candidates would make, and the sentence to begin with."""
    row, user = _found(request, pk)
    candidates = _answerable(row, user, is_provisional="provisional" in request.GET)
    wanted = set(numbers_in(request.GET.getlist("candidate")))
    shown = [candidate for candidate in candidates if candidate.pk in wanted]
    return JsonResponse(_preview(user, shown, build_certificate(row)))


@require_GET
def request_answers(request: HttpRequest, pk: int) -> HttpResponse:
    """What was answered, with the evidence packages made of it."""
    row, user = _found(request, pk)
    keep_viewing_case(row.case, actor=user)
    packages = EvidencePackage.objects.visible_to(user).filter(answer__request=row)
    context = {
        "req": row,
        "answers": answers_to(row, user),
        "packages": packages.select_related("answer", "requested_by").prefetch_related("unmaskings__actor"),
        "can_export": has_right(user, Right.EXPORT_EVIDENCE) and row.purged_at is None,
        "page_data": {"request": row.pk, "hasTiles": has_tiles(), "lastSeen": row.place},
    }
    return render(request, "investigations/answer_list.html", context)


def _found(request: HttpRequest, pk: int) -> tuple[SearchRequest, User]:
    user = acting_user(request)
    row = get_object_or_404(requests_of(user), pk=pk)
    require_right(user, Right.ANSWER_REQUEST)
    return row, user


def _can_answer(row: SearchRequest) -> bool:
    is_urgent = row.is_emergency and row.status == SearchRequest.Status.SEARCHING
    return is_urgent or row.status in workflow.MOVES["answer"].sources


def _answerable(row: SearchRequest, user: User, *, is_provisional: bool) -> list[Candidate]:
    """What this person can answer with, in time order; of a sighting found by several searches the most similar."""
    rows = Candidate.objects.visible_to(user).filter(search__request=row)
    rows = rows.shown_on_path_to(user) if is_provisional else rows.agreed()
    rows = rows.select_related("sighting__camera")
    rows = rows.prefetch_related("decisions__actor", "second_reviews__reviewer", "sighting__plates")
    best = {candidate.sighting_id: candidate for candidate in rows.order_by(F("score").asc(nulls_first=True))}
    return sorted(best.values(), key=lambda candidate: (candidate.sighting.seen_at, candidate.pk))


def _chosen(candidates: Sequence[Candidate], wanted: set[int]) -> list[Candidate]:
    chosen = [candidate for candidate in candidates if candidate.pk in wanted]
    if len(chosen) != len(wanted):
        raise ValidationError(_("Some of what was chosen can no longer be answered with. Look at the list again."))
    return chosen


def _page(
    row: SearchRequest, user: User, candidates: Sequence[Candidate], chosen: set[int], text: str
) -> dict[str, Any]:
    certificate = build_certificate(row)
    if candidates:
        view_sightings([candidate.sighting_id for candidate in candidates], actor=user)
    preview = _preview(user, [candidate for candidate in candidates if candidate.pk in chosen], certificate)
    hidden = Candidate.objects.filter(search__request=row).hidden_from(user)
    return {
        "req": row,
        "cards": [_card(candidate, user, is_chosen=candidate.pk in chosen) for candidate in candidates],
        "certificate": describe_certificate(certificate),
        "text": text or preview["text"],
        "preview": preview,
        "is_hidden": hidden.exists(),
        "page_data": {"request": row.pk, "hasTiles": has_tiles()},
    }


def _card(candidate: Candidate, user: User, *, is_chosen: bool) -> dict[str, Any]:
    return {
        "candidate": candidate,
        "sighting": candidate.sighting,
        "picture": sighting_url(candidate.sighting_id, user),
        "first": list(candidate.decisions.all())[-1:],
        "second": candidate.second_review,
        "plate": read_of(candidate.sighting, candidate.plate),
        "is_chosen": is_chosen,
    }


def _preview(user: User, candidates: Sequence[Candidate], certificate: dict[str, Any]) -> dict[str, Any]:
    points = points_of(candidate.sighting for candidate in candidates)
    return {
        "points": PathPointSerializer(points, many=True, context={"viewer": user}).data,
        "text": first_sentence(points, certificate),
    }
