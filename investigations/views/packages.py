"""Evidence packages: have one made, watch it, cancel it, and the download for both sides."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inference.models import Sighting
from investigations.centre_forms import PackageForm
from investigations.forms import take_error
from investigations.models import Answer, EvidencePackage
from investigations.pictures import sighting_url
from investigations.services.looks import view_sightings
from investigations.services.packages import (
    LONGEST_MARGIN_S,
    bystanders,
    cancel_package,
    hand_out_package,
    request_package,
)
from investigations.views.common import as_validation, attempt, numbers_in
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

Unmasked = list[tuple[Sighting, str]]


@require_http_methods(["GET", "POST"])
def package_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the evidence package of an answer; who may unmask chooses whom, each with a reason."""
    user = acting_user(request)
    answer = get_object_or_404(Answer.objects.visible_to(user).select_related("request__case"), pk=pk)
    require_right(user, Right.EXPORT_EVIDENCE)
    form = PackageForm(request.POST or None, initial={"margin_s": request.GET.get("margin_s", 5)})
    if not has_right(user, Right.UNMASK):
        del form.fields["has_originals"]
    if form.is_valid():
        unmasked = _unmasked(request, answer, form.cleaned_data["margin_s"])
        try:
            request_package(answer, **form.cleaned_data, unmasked=unmasked, actor=user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            return redirect(f"{reverse('request-answers', args=[answer.request_id])}#answer-{answer.number}")
    context = {"answer": answer, "req": answer.request, "form": form, "people": _people(request, answer, form, user)}
    return render(request, "investigations/package_form.html", context)


@require_POST
def package_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    rows = EvidencePackage.objects.visible_to(user).select_related("answer__request")
    package = get_object_or_404(rows, pk=pk)
    attempt(request, lambda: cancel_package(package, actor=user), _("The package is no longer being made."))
    return redirect("request-answers", pk=package.answer.request_id)


@require_GET
def package_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself, for the centre that answered and the station that asked."""
    user = acting_user(request)
    package = get_object_or_404(EvidencePackage.objects.visible_to(user).select_related("answer__request"), pk=pk)
    try:
        file = package.file.open("rb")
    except (OSError, ValueError):  # not ready yet, or the law has wanted it destroyed
        raise Http404(_("This package is not ready, or no longer stored.")) from None
    try:
        hand_out_package(package, actor=user)
    except ValidationError as error:
        file.close()
        raise Http404(" ".join(error.messages)) from None
    name = f"{package.answer.request}-{package.answer.number}-{package.pk}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _unmasked(request: HttpRequest, answer: Answer, margin_s: int) -> Unmasked:
    chosen = numbers_in(request.POST.getlist("unmasked"))
    rows = bystanders(answer, margin_s=margin_s).filter(pk__in=chosen)
    return [(row, request.POST.get(f"reason-{row.pk}", "")) for row in rows]


def _people(request: HttpRequest, answer: Answer, form: PackageForm, user: User) -> list[dict[str, Any]]:
    """Who else is in the clips, for those who may decide to show them; the look at them is accounted for."""
    if not has_right(user, Right.UNMASK):
        return []
    wanted = str(form["margin_s"].value())
    margin_s = min(int(wanted), LONGEST_MARGIN_S) if wanted.isascii() and wanted.isdigit() else 5
    rows = list(bystanders(answer, margin_s=margin_s))
    if rows:
        view_sightings([row.pk for row in rows], actor=user)
    chosen = request.POST.getlist("unmasked")
    return [
        {
            "sighting": row,
            "picture": sighting_url(row.pk, user),
            "is_chosen": str(row.pk) in chosen,
            "reason": request.POST.get(f"reason-{row.pk}", ""),
        }
        for row in rows
    ]
