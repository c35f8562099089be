"""What each role may do. Which rows a person may see is each app's `visible_to`; this is the other half."""

from enum import StrEnum
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.accounts.models import User


class Right(StrEnum):
    OPEN_CASE = "open_case"
    SUBMIT_REQUEST = "submit_request"
    RECEIVE_REQUEST = "receive_request"
    APPROVE_REQUEST = "approve_request"
    ANSWER_REQUEST = "answer_request"
    COMMENT = "comment"
    SEARCH = "search"
    DECIDE_CANDIDATE = "decide_candidate"
    EXPORT_EVIDENCE = "export_evidence"
    UNMASK = "unmask"
    HOLD_FOOTAGE = "hold_footage"
    BUILD_PATH = "build_path"
    VIEW_FOOTAGE = "view_footage"
    REQUEST_ANALYSIS = "request_analysis"
    WATCH_PLATES = "watch_plates"
    MANAGE_WATCH = "manage_watch"
    MANAGE_CAMERAS = "manage_cameras"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_BASES = "manage_bases"
    MANAGE_EXCHANGE = "manage_exchange"
    VIEW_AUDIT = "view_audit"


_OPERATOR = {
    Right.RECEIVE_REQUEST,
    Right.ANSWER_REQUEST,
    Right.COMMENT,
    Right.EXPORT_EVIDENCE,
    Right.HOLD_FOOTAGE,
    Right.SEARCH,
    Right.DECIDE_CANDIDATE,
    Right.BUILD_PATH,
    Right.VIEW_FOOTAGE,
    Right.REQUEST_ANALYSIS,
    Right.WATCH_PLATES,
}
RIGHTS: dict[str, set[Right]] = {
    User.Role.OFFICER: {Right.OPEN_CASE, Right.SUBMIT_REQUEST, Right.COMMENT},
    User.Role.OPERATOR: _OPERATOR,
    User.Role.SUPERVISOR: _OPERATOR | {Right.APPROVE_REQUEST, Right.UNMASK, Right.VIEW_AUDIT, Right.MANAGE_WATCH},
    User.Role.ADMINISTRATOR: {
        Right.MANAGE_CAMERAS,
        Right.MANAGE_PEOPLE,
        Right.MANAGE_BASES,
        Right.MANAGE_EXCHANGE,
        Right.REQUEST_ANALYSIS,
        Right.VIEW_AUDIT,
    },
}


def acting_user(request: HttpRequest) -> User:
    """The person who asks. Pages, API and admin are behind the log-in, so there always is one."""
    return cast(User, request.user)


def has_right(user: User | AnonymousUser, right: Right) -> bool:
    return bool(user.is_authenticated and user.is_active and right in RIGHTS.get(user.role, set()))


def require_right(user: User, right: Right) -> None:
    """Raise PermissionDenied, with a sentence the person understands, unless `user` holds `right`."""
    if not has_right(user, right):
        raise PermissionDenied(_("Your role (%(role)s) does not allow this.") % {"role": user.get_role_display()})


def require_visible(row: Model, user: User, refusal: str) -> None:
    """Raise PermissionDenied with `refusal` unless the row is among those that `user` may see."""
    rows: Any = type(row)._default_manager
    if not rows.visible_to(user).filter(pk=row.pk).exists():
        raise PermissionDenied(refusal)
