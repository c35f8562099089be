"""The watch list: which plates a control centre looks out for, by what law, until when, and what was seen of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera
from inference.core.plates.pattern import Pattern
from inference.core.plates.text import MOST_CHARACTERS
from inference.models import Analysis, Sighting
from investigations import workflow
from investigations.models.basis import LegalBasis
from investigations.models.case import Case
from investigations.models.request import SearchRequest
from investigations.plates import LONGEST_KEPT, has_plate, pattern_of
from portal.accounts.models import Agency, User
from portal.jobs import OPEN_JOB_STATUSES, Job
from portal.sentences import SentenceField

LONGEST_REASON = 2000
# Nothing is looked for any more for a request in one of these.
REQUEST_OVER = frozenset({workflow.CLOSED, workflow.RETURNED})


def is_of_centre(user: User | AnonymousUser) -> bool:
    return isinstance(user, User) and user.is_active and user.is_centre_member and user.agency_id is not None


class WatchImportQuerySet(models.QuerySet["WatchImport"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(centre_id=user.agency_id) if is_of_centre(user) else self.none()  # type: ignore[union-attr]


class WatchImport(models.Model):
    """A list of plates as a file: what it says, what is wrong with it, and whether it was taken over.

    `rows` are what would be added, `problems` what is said of rows and file. When it was taken over, `rows` name the
    entry of each row that was added, and `problems` what became of the others, which is forgotten after a while; both
    are emptied when it is discarded.
    """

    class Status(models.TextChoices):
        CHECKED = "checked", _("waiting for a decision")
        DONE = "done", _("imported")
        DISCARDED = "discarded", _("discarded")

    centre = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name=_("control centre"))
    name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CHECKED)
    rows = models.JSONField(default=list, editable=False)
    problems = models.JSONField(default=list, editable=False)
    counts = models.JSONField(_("counts"), default=dict)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = WatchImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported watch list")
        verbose_name_plural = _("imported watch lists")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{_('imported watch list')} {self.pk}"


class WatchEntryQuerySet(models.QuerySet["WatchEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The centre's own people. What a station is told of its requests' entries is `told_to`."""
        return self.filter(centre_id=user.agency_id) if is_of_centre(user) else self.none()  # type: ignore[union-attr]

    def told_to(self, user: User | AnonymousUser) -> Self:
        """Those of which a person may know that the plate is watched and until when: of requests that they may see."""
        return self.filter(request__in=SearchRequest.objects.visible_to(user))

    def with_text(self, typed: str) -> Self:
        """Those whose reason or document says what was typed, or whose plate has it, however it is spelled."""
        said = Q(reason__icontains=typed) | Q(document_number__icontains=typed)
        return self.filter(said | has_plate(typed, "plate"))

    def lapsed(self, now: datetime) -> Self:
        """Not ended yet, though their time is over, or that of the request or case which they are for."""
        over = Q(valid_until__lte=now) | Q(request__status__in=REQUEST_OVER) | Q(case__status=Case.Status.CLOSED)
        return self.filter(over, ended_at=None)

    def active(self, now: datetime) -> Self:
        lapsed = WatchEntry.objects.lapsed(now).filter(pk=models.OuterRef("pk"))
        return self.filter(~models.Exists(lapsed), ended_at=None)

    def to_purge(self, now: datetime) -> Self:
        """Ended for as long as the basis lets them be kept."""
        return self.filter(ended_at__isnull=False, purge_at__lte=now)

    def ended(self, now: datetime) -> Self:
        lapsed = WatchEntry.objects.lapsed(now).filter(pk=models.OuterRef("pk"))
        return self.filter(Q(ended_at__isnull=False) | Q(models.Exists(lapsed)))


class WatchEntry(models.Model):
    """A plate, or a pattern of one, that a centre looks out for. `purge_at` is when it and its alerts are destroyed, as
    far as is known now."""

    centre = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="+",
        verbose_name=_("control centre"),
        limit_choices_to={"kind": "centre"},
    )
    plate = models.CharField(_("number plate"), max_length=LONGEST_KEPT)
    basis = models.ForeignKey(LegalBasis, models.PROTECT, related_name="+", verbose_name=_("legal basis"))
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    reason = models.TextField(_("reason"), validators=[MaxLengthValidator(LONGEST_REASON)])
    request = models.ForeignKey(
        SearchRequest,
        models.PROTECT,
        related_name="watched",
        verbose_name=_("search request"),
        null=True,
        blank=True,
    )
    case = models.ForeignKey(
        Case, models.PROTECT, related_name="watched", verbose_name=_("case"), null=True, blank=True
    )
    vehicle_colour = models.CharField(_("colour"), max_length=10, choices=SearchRequest.Colour, blank=True)
    vehicle_type = models.CharField(_("type of vehicle"), max_length=12, choices=SearchRequest.VehicleType, blank=True)
    source = models.ForeignKey(
        WatchImport, models.SET_NULL, related_name="entries", verbose_name=_("from"), null=True, blank=True
    )
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(_("added"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"))
    # Of the basis as it was when the entry was added, as requests keep it.
    retention_days = models.PositiveIntegerField(_("days kept after the end"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("ended by"), null=True, blank=True
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Case.Outcome, blank=True)
    end_reason = SentenceField(_("why it ended"), blank=True, validators=[MaxLengthValidator(LONGEST_REASON)])
    purge_at = models.DateTimeField(_("to be destroyed"))

    objects = WatchEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the watch list")
        verbose_name_plural = _("watch list")
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(plate=""), name="watch_has_plate"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("added_at")),
                name="watch_ends_after_start",
                violation_error_message=_("The end lies in the past."),
            ),
            models.CheckConstraint(
                condition=Q(request=None) | Q(case=None),
                name="watch_of_one",
                violation_error_message=_("Name the search request or the case, not both: a request has its case."),
            ),
            # Two stations may look for one vehicle, and neither learns of the other: each request has an entry.
            models.UniqueConstraint(
                fields=["centre", "plate"],
                condition=Q(ended_at=None, request=None, case=None),
                name="watch_plate_once",
                violation_error_message=_("This plate is on the list already."),
            ),
            models.UniqueConstraint(
                fields=["centre", "plate", "request"],
                condition=Q(ended_at=None, request__isnull=False),
                name="watch_plate_once_per_request",
                violation_error_message=_("This plate is on the list already."),
            ),
            models.UniqueConstraint(
                fields=["centre", "plate", "case"],
                condition=Q(ended_at=None, case__isnull=False),
                name="watch_plate_once_per_case",
                violation_error_message=_("This plate is on the list already."),
            ),
        ]
        indexes = [
            models.Index(fields=["centre", "ended_at", "valid_until"], name="watch_at_centre"),
            models.Index(fields=["purge_at"], name="watch_to_purge"),
        ]

    def __str__(self) -> str:
        # Without the plate: this is what audit entries keep when it is long destroyed.
        return f"{_('entry of the watch list')} {self.pk}"

    @property
    def pattern(self) -> Pattern:
        return pattern_of(self.plate)

    @property
    def is_active(self) -> bool:
        if self.ended_at is not None or self.valid_until <= timezone.now():
            return False
        if self.request is not None and self.request.status in REQUEST_OVER:
            return False
        return self.case is None or self.case.status == Case.Status.OPEN

    @property
    def over_at(self) -> datetime:
        """When it ended, or will."""
        return self.ended_at or self.valid_until

    @property
    def about(self) -> str:
        """The request or case that it is for, in a word."""
        return str(self.request or (self.case.number if self.case else ""))


class WatchAlertQuerySet(models.QuerySet["WatchAlert"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(entry__in=WatchEntry.objects.visible_to(user))

    def open(self) -> Self:
        return self.filter(status=WatchAlert.Status.OPEN)

    def by_card(self) -> QuerySet[Any, Any]:
        """What is shown and decided as one, the latest seen first: the alerts of one sighting in one state. `last` is
        one of them."""
        vehicles = self.annotate(vehicle=Coalesce(F("sighting_id"), -F("pk"))).order_by().values("vehicle", "status")
        return vehicles.annotate(seen=Max("seen_at"), last=Max("pk")).order_by("-seen", "-last")

    def beside(self, alerts: Iterable["WatchAlert"]) -> Self:
        """These alerts, and those of the same sightings in the same state."""
        wanted = Q(pk__in=[])
        for alert in alerts:
            wanted |= Q(pk=alert.pk)
            if alert.sighting_id is not None:
                wanted |= Q(sighting=alert.sighting_id, status=alert.status)
        return self.filter(wanted)

    def for_pages(self) -> Self:
        """With all that is shown of each."""
        rows = self.select_related("camera", "decided_by", "entry__request__case", "entry__case", "sighting")
        return rows.prefetch_related("sighting__plates", "sighting__descriptions")


class WatchAlert(models.Model):
    """A vehicle was seen whose plate is, or may be, a wanted one. A lead, until a person has confirmed it.

    What was read, where and when is copied: the alert keeps neither footage nor sighting alive, and tells what it was
    about when they are destroyed. `distance` is 0 for a plate as it was asked for, more for one that is like it.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("undecided")
        CONFIRMED = "confirmed", _("confirmed")
        DISMISSED = "dismissed", _("dismissed")

    entry = models.ForeignKey(WatchEntry, models.CASCADE, related_name="alerts", verbose_name=_("wanted plate"))
    sighting = models.ForeignKey(
        Sighting, models.SET_NULL, related_name="+", verbose_name=_("sighting"), null=True, blank=True
    )
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="+", verbose_name=_("camera"))
    text = models.CharField(_("number plate as read"), max_length=MOST_CHARACTERS)
    confidence = models.FloatField(_("confidence"))
    distance = models.FloatField(_("distance of the number plate"), default=0.0)
    seen_at = models.DateTimeField(_("seen"))
    is_looked_back = models.BooleanField(_("found by looking back"), default=False)
    raised_at = models.DateTimeField(_("raised"), auto_now_add=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    decided_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("decided by"), null=True, blank=True
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True, validators=[MaxLengthValidator(LONGEST_REASON)])

    objects = WatchAlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert of the watch list")
        verbose_name_plural = _("alerts of the watch list")
        ordering = ["-seen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "sighting"], name="one_alert_per_entry_and_sighting"),
            models.CheckConstraint(condition=Q(distance__gte=0), name="alert_distance_sane"),
            models.CheckConstraint(
                condition=Q(status="open", decided_by=None) | (~Q(status="open") & Q(decided_by__isnull=False)),
                name="alert_decided_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["status", "-seen_at"], name="alert_by_status")]

    def __str__(self) -> str:
        return f"{_('alert')} {self.pk}: {self.camera.code} {localtime(self.seen_at):%Y-%m-%d %H:%M:%S}"

    @property
    def is_similar(self) -> bool:
        return self.distance > 0

    @property
    def is_doubtful(self) -> bool:
        return bool(self.confidence < settings.WATCH_DOUBTFUL_BELOW)


class PlateCheck(models.Model):
    """The plates of this analysis were compared with the watch list; once, whichever worker was first."""

    analysis = models.OneToOneField(Analysis, models.CASCADE, related_name="+", verbose_name=_("analysis"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("check against the watch list")
        verbose_name_plural = _("checks against the watch list")

    def __str__(self) -> str:
        return str(self.analysis_id)


class LookBackQuerySet(models.QuerySet["LookBack"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(entry__in=WatchEntry.objects.visible_to(user))


class LookBack(Job):
    """A look for a wanted plate among what was read before it was put on the list: an act of its own, with a reason."""

    entry = models.ForeignKey(WatchEntry, models.CASCADE, related_name="looks_back", verbose_name=_("wanted plate"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.TextField(_("reason"), validators=[MaxLengthValidator(LONGEST_REASON)])
    found = models.PositiveIntegerField(_("alerts"), default=0)

    objects = LookBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("look back for a wanted plate")
        verbose_name_plural = _("looks back for wanted plates")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="look_back_ends_after_start"),
            models.UniqueConstraint(
                fields=["entry"],
                condition=Q(status__in=sorted(OPEN_JOB_STATUSES)),
                name="one_open_look_back_per_entry",
                violation_error_message=_("Somebody is looking back for this plate already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{_('look back for a wanted plate')} {self.pk}"
