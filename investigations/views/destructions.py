"""The certificate of a destruction, for both sides to keep."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from investigations.destruction import digest_of
from investigations.models import Destruction
from investigations.services.retention import view_destruction
from portal.accounts.rights import acting_user
from portal.audit.services import write_root


@require_GET
def destruction_detail(request: HttpRequest, pk: int) -> HttpResponse:
    user = acting_user(request)
    rows = Destruction.objects.visible_to(user).select_related("centre", "request__case")
    destruction = get_object_or_404(rows, pk=pk)
    view_destruction(destruction, actor=user)
    sequence = destruction.audit_sequence
    context = {
        "destruction": destruction,
        "counts": sorted((kind_names(kind), count) for kind, count in destruction.counts.items()),
        "items": [{**item, "name": kind_name(item["kind"])} for item in destruction.items],
        "digest": digest_of(destruction.items),
        "root": write_root(sequence, destruction.audit_root) if sequence is not None else "",
        "is_own": user.is_centre_member,  # what went wrong in it is the centre's own matter
    }
    return render(request, "investigations/destruction.html", context)


def kind_name(kind: str) -> str:
    """What a certificate's kind is called: it is a model's label."""
    return str(_model(kind)._meta.verbose_name)


def kind_names(kind: str) -> str:
    return str(_model(kind)._meta.verbose_name_plural)


def _model(kind: str) -> Any:
    return apps.get_model(kind)
