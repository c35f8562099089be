"""Who asks whom: a station's request to a control centre."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from investigations import workflow
from investigations.models.basis import LegalBasis
from investigations.models.case import Case
from investigations.plates import has_plate
from investigations.scope import Scope
from portal.accounts.models import Agency, User

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
PLACE_FIELDS = ("last_seen_latitude", "last_seen_longitude")


def half_place_errors(said: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong at the half of a place that is missing, if the other one was said and both could be read."""
    missing = [name for name in PLACE_FIELDS if name in said and said[name] is None]
    return {missing[0]: gettext("A place has both a latitude and a longitude.")} if len(missing) == 1 else {}


class SearchRequestQuerySet(models.QuerySet["SearchRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A station sees its cases' requests; a centre what was sent to it, which a draft was not."""
        if not isinstance(user, User) or not user.is_active or user.agency_id is None:
            return self.none()
        if user.is_officer:
            return self.filter(case__agency_id=user.agency_id)
        if user.is_centre_member:
            return self.filter(centre_id=user.agency_id).exclude(status=SearchRequest.Status.DRAFT)
        return self.none()

    def with_plate(self, typed: str) -> Self:
        """Those whose plate has what was typed, however it is spelled; none if that is no part of a plate."""
        return self.filter(has_plate(typed, "plate"))

    def open(self) -> Self:
        return self.filter(status__in=workflow.OPEN)

    def waiting_for_approval(self) -> Self:
        """Not approved yet: in their turn, or emergencies that are searched already."""
        waits = Q(status__in=workflow.WAITS_FOR_APPROVAL)
        late = Q(is_emergency=True, status__in=workflow.AT_CENTRE | {workflow.ANSWERED})
        return self.filter(waits | late, approved_at=None)

    def overdue(self, now: datetime) -> Self:
        """Past the deadline of the step that is due."""
        receipt = Q(status=workflow.SUBMITTED, receipt_due_at__lt=now)
        approval = Q(status__in=workflow.AT_CENTRE, approved_at=None, approval_due_at__lt=now)
        answer = Q(status__in=workflow.AT_CENTRE, answer_due_at__lt=now)
        return self.filter(receipt | approval | answer)

    def by_deadline(self) -> Self:
        """Those of which the centre owes a step, the one that is due first at the front; each with its `next_due`."""
        receipt = models.Case(When(status=workflow.SUBMITTED, then="receipt_due_at"))
        approval = models.Case(When(approved_at=None, then="approval_due_at"))
        # Least() of a NULL is NULL on SQLite and the least of the others on PostgreSQL.
        dues = [Coalesce(due, Value(NEVER)) for due in (receipt, approval, F("answer_due_at"))]
        return self.filter(status__in=workflow.AT_CENTRE).annotate(next_due=Least(*dues)).order_by("next_due", "pk")

    def waiting_for(self, user: User) -> Self:
        """Those whose next step is this person's. It says nothing about who may see them."""
        if user.is_officer:
            return self.filter(status__in=workflow.AT_STATION)
        mine = Q(status__in=workflow.AT_CENTRE, handler_id=user.pk)
        if user.role == User.Role.SUPERVISOR:
            return self.filter(mine | Q(pk__in=self.waiting_for_approval().values("pk")))
        return self.filter(mine | Q(status=workflow.SUBMITTED))


class SearchRequest(models.Model):
    class Status(models.TextChoices):
        DRAFT = workflow.DRAFT, _("draft")
        SUBMITTED = workflow.SUBMITTED, _("submitted")
        RETURNED = workflow.RETURNED, _("returned for more information")
        RECEIVED = workflow.RECEIVED, _("received")
        APPROVED = workflow.APPROVED, _("approved")
        SEARCHING = workflow.SEARCHING, _("searching")
        REVIEW = workflow.REVIEW, _("under review")
        ANSWERED = workflow.ANSWERED, _("answered")
        REOPENED = workflow.REOPENED, _("reopened")
        CLOSED = workflow.CLOSED, _("closed")

    Outcome = Case.Outcome

    class Colour(models.TextChoices):
        WHITE = "white", _("white")
        BLACK = "black", _("black")
        GREY = "grey", _("grey or silver")
        RED = "red", _("red")
        BLUE = "blue", _("blue")
        GREEN = "green", _("green")
        YELLOW = "yellow", _("yellow")
        ORANGE = "orange", _("orange")
        BROWN = "brown", _("brown or beige")

    class VehicleType(models.TextChoices):
        CAR = "car", _("car")
        SUV = "suv", _("SUV")
        VAN = "van", _("van or minibus")
        PICKUP = "pickup", _("pickup")
        TRUCK = "truck", _("truck")
        BUS = "bus", _("bus")
        MOTORCYCLE = "motorcycle", _("motorcycle")

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests", verbose_name=_("case"))
    centre = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="requests",
        verbose_name=_("control centre"),
        limit_choices_to={"kind": "centre"},
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SUBMITTED)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Case.Outcome, blank=True)
    is_emergency = models.BooleanField(_("emergency"), default=False)

    basis = models.ForeignKey(LegalBasis, models.PROTECT, related_name="requests", verbose_name=_("legal basis"))
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    purpose = models.TextField(_("purpose"))
    wanted = models.TextField(_("who or what is looked for"))
    plate = models.CharField(_("number plate"), max_length=20, blank=True)
    vehicle_colour = models.CharField(_("colour"), max_length=10, choices=Colour, blank=True)
    vehicle_type = models.CharField(_("type of vehicle"), max_length=12, choices=VehicleType, blank=True)
    last_seen_place = models.CharField(_("last seen at"), max_length=200, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    last_seen_latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    last_seen_longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )

    # The limits of the basis as they were when the request was submitted, or as they were widened since.
    most_cameras = models.PositiveIntegerField(_("most cameras"), null=True, blank=True)
    radius_m = models.PositiveIntegerField(_("radius (m)"), null=True, blank=True)
    hours = models.PositiveIntegerField(_("hours before and after"), null=True, blank=True)
    retention_days = models.PositiveIntegerField(_("days kept after closing"), default=30)

    submitted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("submitted by"))
    submitted_at = models.DateTimeField(_("submitted"), default=timezone.now)
    received_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("received by"), null=True, blank=True
    )
    received_at = models.DateTimeField(_("receipt"), null=True, blank=True)
    handler = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("handled by"), null=True, blank=True
    )
    approved_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("approved by"), null=True, blank=True
    )
    approved_at = models.DateTimeField(_("approval"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closing"), null=True, blank=True)
    receipt_due_at = models.DateTimeField(_("receipt due"), null=True, blank=True)
    approval_due_at = models.DateTimeField(_("approval due"), null=True, blank=True)
    answer_due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    purge_at = models.DateTimeField(_("to be destroyed"), null=True, blank=True)
    purged_at = models.DateTimeField(_("destroyed"), null=True, blank=True)

    objects = SearchRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("search request")
        verbose_name_plural = _("search requests")
        ordering = ["-submitted_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_seen_latitude=None, last_seen_longitude=None)
                | Q(last_seen_latitude__isnull=False, last_seen_longitude__isnull=False),
                name="request_place_whole",
                violation_error_message=_("A place has both a latitude and a longitude."),
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("submitted_by")),
                name="request_four_eyes",
                violation_error_message=_("Nobody approves their own request."),
            ),
            models.CheckConstraint(
                condition=Q(status="closed", outcome__in=["found", "not_found", "withdrawn"])
                | (~Q(status="closed") & Q(outcome="")),
                name="request_closed_with_outcome",
            ),
        ]
        indexes = [models.Index(fields=["centre", "status"], name="request_at_centre")]

    def __str__(self) -> str:
        return f"{self.case.number}-{self.pk}"

    @property
    def is_searchable(self) -> bool:
        """May a search start now: approved, or an emergency whose approval is not overdue."""
        if self.approved_at is not None:
            return self.status in workflow.SEARCHABLE
        return self.is_emergency and self.status in workflow.SEARCHABLE_IN_EMERGENCY and not self.is_approval_overdue

    @property
    def is_approval_overdue(self) -> bool:
        due = self.approval_due_at
        return self.approved_at is None and due is not None and due <= timezone.now()

    @property
    def waits_for_approval(self) -> bool:
        late = self.is_emergency and self.status in workflow.AT_CENTRE | {workflow.ANSWERED}
        return self.approved_at is None and (self.status in workflow.WAITS_FOR_APPROVAL or late)

    @property
    def is_with_police(self) -> bool:
        return self.status in {self.Status.DRAFT, self.Status.RETURNED}

    @property
    def due_at(self) -> datetime | None:
        """The deadline of the step that is due next, if the centre owes one."""
        if self.status not in workflow.AT_CENTRE:
            return None
        receipt = self.receipt_due_at if self.status == self.Status.SUBMITTED else None
        approval = self.approval_due_at if self.approved_at is None else None
        return min((due for due in (receipt, approval, self.answer_due_at) if due), default=None)

    @property
    def is_overdue(self) -> bool:
        return self.due_at is not None and self.due_at <= timezone.now()

    def days_kept(self, outcome: str) -> int:
        """How long what was gathered stays after the request was closed like this; 0: it is destroyed at once."""
        is_purged = outcome == self.Outcome.FOUND and self.basis.purges_on_found
        return 0 if is_purged else self.retention_days

    @property
    def place(self) -> tuple[float, float] | None:
        if self.last_seen_latitude is None or self.last_seen_longitude is None:
            return None
        return self.last_seen_latitude, self.last_seen_longitude

    @property
    def scope(self) -> Scope:
        return Scope(self.most_cameras, self.radius_m, self.hours, place=self.place, moment=self.last_seen_at)


class RequestStatusChange(models.Model):
    """One row for each change: from what, to what, by whom, why, when. An approval that comes after the search has
    begun changes no state; its row says so by `verb`."""

    request = models.ForeignKey(SearchRequest, models.CASCADE, related_name="changes", verbose_name=_("request"))
    verb = models.CharField(_("step"), max_length=20, blank=True)
    old = models.CharField(_("from"), max_length=10, blank=True)
    new = models.CharField(_("to"), max_length=10, choices=SearchRequest.Status)
    reason = models.TextField(_("reason"), blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"), null=True)
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.old} → {self.new}"


class ScopeChange(models.Model):
    """One row for each limit of a request that was widened (or narrowed): by whom, why, when."""

    class Limit(models.TextChoices):
        CAMERAS = "most_cameras", _("most cameras")
        RADIUS = "radius_m", _("radius (m)")
        HOURS = "hours", _("hours before and after")

    request = models.ForeignKey(SearchRequest, models.CASCADE, related_name="scope_changes")
    limit = models.CharField(_("limit"), max_length=15, choices=Limit)
    old = models.PositiveIntegerField(_("from"), null=True)
    new = models.PositiveIntegerField(_("to"), null=True)
    reason = models.TextField(_("reason"))
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("change of scope")
        verbose_name_plural = _("changes of scope")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.limit} {self.old} → {self.new}"
