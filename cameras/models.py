"""Where we can look: cameras and what they recorded."""

from datetime import datetime, timedelta
from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Agency, User


class CameraQuerySet(models.QuerySet["Camera"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Where cameras stand is public record, so police see active ones; a centre's own people see theirs all."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        if user.is_administrator:
            return self if user.agency_id is None else self.filter(centre_id=user.agency_id)
        if user.is_centre_member:
            return self.filter(centre_id=user.agency_id)
        return self.exclude(status=Camera.Status.RETIRED)


class Camera(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        MAINTENANCE = "maintenance", _("under maintenance")
        RETIRED = "retired", _("retired")

    code = models.CharField(_("management number"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.FloatField(_("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(_("longitude"), validators=[MinValueValidator(-180), MaxValueValidator(180)])
    bearing_deg = models.FloatField(
        _("direction (degrees from north)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(360)],
    )
    field_of_view_deg = models.FloatField(
        _("field of view (degrees)"), default=70, validators=[MinValueValidator(1), MaxValueValidator(360)]
    )
    centre = models.ForeignKey(
        Agency,
        models.PROTECT,
        related_name="cameras",
        verbose_name=_("control centre"),
        limit_choices_to={"kind": "centre"},
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)
    retention_days = models.PositiveIntegerField(
        _("days kept"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Recordings and sightings are destroyed after this time, unless a request holds them."),
    )

    objects = CameraQuerySet.as_manager()

    class Meta:
        verbose_name = _("camera")
        verbose_name_plural = _("cameras")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                # 0,0 lies in the Atlantic: in Korean camera lists it means that nobody measured.
                condition=~models.Q(latitude=0, longitude=0),
                name="camera_has_position",
                violation_error_message=_("Latitude and longitude 0, 0 mean that the position is unknown."),
            ),
            models.CheckConstraint(
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="camera_position_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def position(self) -> tuple[float, float]:
        return self.latitude, self.longitude


def recording_file_name(recording: "Recording", name: str) -> str:
    # The uploader's name is kept in `original_name` only: it may say anything, or point anywhere.
    suffix = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return f"recordings/{uuid4().hex}.{suffix if suffix.isalnum() and len(suffix) <= 5 else 'bin'}"


class RecordingQuerySet(models.QuerySet["Recording"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Footage is seen by the people of the centre that owns the camera, and by nobody else."""
        if isinstance(user, User) and user.is_active and user.agency_id:
            if user.is_centre_member or user.is_administrator:
                return self.filter(camera__centre_id=user.agency_id)
        elif isinstance(user, User) and user.is_active and user.is_administrator:
            return self
        return self.none()

    def overlapping(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.filter(started_at__lt=ends_at, ends_at__gt=starts_at)


class Recording(models.Model):
    """One video file with a known start."""

    camera = models.ForeignKey(Camera, models.PROTECT, related_name="recordings", verbose_name=_("camera"))
    file = models.FileField(_("file"), upload_to=recording_file_name, max_length=200)
    original_name = models.CharField(_("original file name"), max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, editable=False)
    started_at = models.DateTimeField(_("start of recording"))
    ends_at = models.DateTimeField(_("end of recording"), editable=False)
    duration_s = models.FloatField(_("length (s)"), editable=False)
    width = models.PositiveIntegerField(_("width (px)"), editable=False)
    height = models.PositiveIntegerField(_("height (px)"), editable=False)
    fps = models.FloatField(_("frames per second"), editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera", "started_at", "sha256"],
                name="recording_once_per_camera",
                violation_error_message=_("This recording is already there."),
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("started_at")), name="recording_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["camera", "started_at", "ends_at"], name="recording_when")]

    def __str__(self) -> str:
        return f"{self.camera.code} {localtime(self.started_at):%Y-%m-%d %H:%M:%S}"

    def time_at(self, offset_s: float) -> datetime:
        return self.started_at + timedelta(seconds=offset_s)
