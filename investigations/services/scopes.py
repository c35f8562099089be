"""What a request's legal basis does not cover is refused by the rule that it breaks, and that it was tried is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cameras.models import Camera
from investigations.models import SearchRequest
from investigations.scope import Breach, find_breaches
from portal.accounts.models import User
from portal.audit.models import Action, AuditEntry
from portal.audit.services import record


class OutOfScope(ValidationError):  # noqa: N818 -- an answer, not a fault
    """The search or look would leave what the request's legal basis allows; the messages name the rules."""

    def __init__(self, breaches: Sequence[Breach], request: SearchRequest) -> None:
        super().__init__([_breach_sentence(breach, request) for breach in breaches])
        self.breaches = breaches

    @property
    def answer(self) -> dict[str, Any]:
        """The sentences, and the rules in figures, from which a page fills in the form that widens them."""
        return {"detail": " ".join(self.messages), "rules": [asdict(breach) for breach in self.breaches]}


def refuse_breaches(
    request: SearchRequest,
    breaches: Sequence[Breach],
    *,
    details: dict[str, Any],
    reason: str = "",
    actor: User,
) -> None:
    """Raise OutOfScope for these breaches, if there are any, after it was written down that it was tried."""
    if not breaches:
        return
    details = details | {"rules": [asdict(breach) for breach in breaches]}
    record(Action.SEARCH_REFUSED, actor=actor, target=request, reason=reason, details=details)
    raise OutOfScope(breaches, request)


def breaches_of(
    request: SearchRequest, cameras: Iterable[Camera], starts_at: datetime, ends_at: datetime
) -> list[Breach]:
    """Return the rules that these cameras in these hours would break, together with all that was used before."""
    cameras = list(cameras)
    return find_breaches(
        request.scope,
        [camera.position for camera in cameras],
        starts_at,
        ends_at,
        camera_count=len(cameras_used(request) | {camera.pk for camera in cameras}),
    )


def cameras_used(request: SearchRequest) -> set[int]:
    """The cameras that were searched for the request, and those whose footage was looked at for it."""
    searched = Camera.objects.filter(searches__request=request).values_list("pk", flat=True)
    looks = AuditEntry.objects.filter(
        action=Action.FOOTAGE_VIEWED, target_type=SearchRequest._meta.label_lower, target_id=str(request.pk)
    )
    return {*searched, *(details["camera_id"] for details in looks.values_list("details", flat=True))}


def _breach_sentence(breach: Breach, request: SearchRequest) -> str:
    """Name the rule, what was asked and what is allowed, and how the limit can be widened."""
    said = {
        "cameras": _("Rule “cameras” of “%(basis)s”: %(asked)d cameras were asked for, %(allowed)d are allowed."),
        "radius": _("Rule “radius” of “%(basis)s”: the cameras reach %(asked)d m, %(allowed)d m are allowed."),
        "hours": _("Rule “hours” of “%(basis)s”: the hours reach %(asked).1f h, %(allowed)d h are allowed."),
    }[breach.rule]
    widen = _("Ask for less, or have a supervisor of %(centre)s widen the scope of the request.")
    values = {"basis": request.basis, "asked": breach.asked, "allowed": breach.allowed, "centre": request.centre}
    return f"{said % values} {widen % values}"
