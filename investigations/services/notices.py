"""Telling people: who hears of what, in the page, by e-mail and at the police's own systems."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from investigations import events
from investigations.models import Notification, SearchRequest, WatchEntry
from investigations.tasks import mail_notifications
from portal.accounts.models import User
from portal.exchange.services.deliveries import publish

Kind = Notification.Kind
# The centre's people hear of these; who of the station asked hears of all others as well.
TO_CENTRE = frozenset({Kind.SUBMITTED, Kind.EMERGENCY, Kind.REOPENED, Kind.APPROVED})
TO_REVIEWERS = frozenset({Kind.REVIEW, Kind.DISPUTED, Kind.OVERDUE})
TO_STATION = frozenset(
    {Kind.RETURNED, Kind.RECEIVED, Kind.APPROVED, Kind.SEARCHING, Kind.ANSWERED, Kind.SCOPE, Kind.PURGED}
)
TO_BOTH = frozenset({Kind.COMMENTED, Kind.ATTACHED, Kind.CLOSED, Kind.PACKAGE})


def announce(request: SearchRequest, kind: Notification.Kind, *, actor: User | None, is_internal: bool = False) -> None:
    """Tell everybody concerned except who did it, and let open pages and other systems know."""
    people = listeners(request, kind)
    if is_internal and actor:
        people = people.filter(agency=actor.agency)
    if actor:
        people = people.exclude(pk=actor.pk)
    notices = [Notification(user=person, request=request, kind=kind, cause=actor) for person in people]
    made = Notification.objects.bulk_create(notices)
    events.push_request(request, kind)
    _publish(request, kind)
    _send(made)


def announce_alerts(entry: WatchEntry) -> None:
    """Tell the centre's people that a wanted plate may have been seen. Who has not read yet that it was is not told a
    second time: the notice comes up anew, so that a plate that is seen everywhere buries nothing."""
    unread = Notification.objects.unread().filter(entry=entry)
    unread.update(at=timezone.now())
    told = list(unread.select_related("user"))
    roles = [User.Role.OPERATOR, User.Role.SUPERVISOR]
    others = User.objects.filter(agency=entry.centre, role__in=roles, is_active=True)
    notices = [
        Notification(user=person, entry=entry, kind=Kind.WATCHED)
        for person in others.exclude(pk__in=[notice.user_id for notice in told])
    ]
    for notice in told:
        events.push_notification(notice)
    _send(Notification.objects.bulk_create(notices))


def _send(notices: Sequence[Notification]) -> None:
    """Let the pages of those who are told know, and mail it to who has an address."""
    for notice in notices:
        events.push_notification(notice)
    by_mail = [notice.pk for notice in notices if notice.user.email]
    if by_mail:
        # Robust: the act stands, and mail that finds no broker now is sent by the next round of `mail_unsent`.
        transaction.on_commit(lambda: mail_notifications.delay(by_mail), robust=True)


def _publish(request: SearchRequest, kind: Notification.Kind) -> None:
    """Tell the station's own system: that something happened and where to ask, nothing of the case itself."""
    event = f"request.{kind.value}"
    if event not in settings.WEBHOOK_EVENTS:
        return
    payload = {"request": request.pk, "case": request.case_id, "status": str(request.status)}
    publish(request.case.agency, event, {**payload, "is_emergency": request.is_emergency})


def listeners(request: SearchRequest, kind: Notification.Kind) -> QuerySet[User]:
    """Who is told: the officer who asked; at the centre its supervisors, and the handler or, before there is one,
    every operator."""
    station = models.Q(pk=request.submitted_by_id)
    supervisors = models.Q(agency_id=request.centre_id, role=User.Role.SUPERVISOR)
    operators = models.Q(agency_id=request.centre_id, role=User.Role.OPERATOR)
    centre = supervisors | (models.Q(pk=request.handler_id) if request.handler_id else operators)
    wanted = models.Q(pk__in=[])
    if kind in TO_CENTRE | TO_BOTH:
        wanted |= centre
    if kind in TO_REVIEWERS:
        wanted |= supervisors | operators
    if kind in TO_STATION | TO_BOTH:
        wanted |= station
    if kind == Kind.ASSIGNED:
        wanted = models.Q(pk=request.handler_id)
    return User.objects.filter(wanted, is_active=True)


def read_notifications(*, actor: User, request: SearchRequest | None = None) -> int:
    """Mark one's own notifications as read, all or those about one request; return how many were not."""
    unread = Notification.objects.visible_to(actor).unread()
    if request is not None:
        unread = unread.filter(request=request)
    return unread.update(read_at=timezone.now())


def read_alert_notices(entry_ids: Iterable[int], *, actor: User) -> int:
    """Mark what one was told of these wanted plates as read; return how much was not."""
    unread = Notification.objects.visible_to(actor).unread().filter(entry__in=set(entry_ids))
    return unread.update(read_at=timezone.now())
