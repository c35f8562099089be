"""Where we can look: cameras and what they recorded."""

from datetime import datetime, timedelta
from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, has_right
from portal.jobs import Job


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
    # What the national standard list of cameras tells besides. One of its rows is a pole, with several cameras.
    pole = models.CharField(
        _("pole"), max_length=60, blank=True, db_index=True, help_text=_("Cameras on one pole have the same.")
    )
    purpose = models.CharField(_("purpose"), max_length=60, blank=True)
    direction = models.CharField(_("direction as listed"), max_length=200, blank=True)
    megapixels = models.FloatField(
        _("megapixels"), null=True, blank=True, validators=[MinValueValidator(0.01), MaxValueValidator(1000)]
    )
    installed_on = models.CharField(
        _("installed"),
        max_length=10,
        blank=True,
        validators=[RegexValidator(r"^\d{4}(-(0[1-9]|1[0-2]))?$", _("Year and month, as in 2024-03."))],
        help_text=_("Year and month, as in 2024-03."),
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

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
        indexes = [
            models.Index(fields=["camera", "started_at", "ends_at"], name="recording_when"),
            # When a camera recorded last is asked of all cameras at once.
            models.Index(fields=["camera", "ends_at"], name="recording_last"),
        ]

    def __str__(self) -> str:
        return f"{self.camera.code} {localtime(self.started_at):%Y-%m-%d %H:%M:%S}"

    def time_at(self, offset_s: float) -> datetime:
        return self.started_at + timedelta(seconds=offset_s)


class CameraGroupQuerySet(models.QuerySet["CameraGroup"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The centre's own people; how it groups its cameras says what it watches."""
        if isinstance(user, User) and user.is_active and (user.is_centre_member or user.is_administrator):
            return self.filter(centre_id=user.agency_id)
        return self.none()


class CameraGroup(models.Model):
    """Cameras that a centre's people choose together again and again: a school's, a market's."""

    centre = models.ForeignKey(Agency, models.CASCADE, related_name="camera_groups", verbose_name=_("control centre"))
    name = models.CharField(_("name"), max_length=60)
    cameras = models.ManyToManyField(Camera, related_name="groups", verbose_name=_("cameras"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    objects = CameraGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("camera group")
        verbose_name_plural = _("camera groups")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "name"],
                name="camera_group_named_once",
                violation_error_message=_("A group with this name is already there."),
            )
        ]

    def __str__(self) -> str:
        return self.name


def import_file_name(camera_import: "CameraImport", name: str) -> str:
    return f"imports/{uuid4().hex}.csv"


class CameraImportQuerySet(models.QuerySet["CameraImport"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the own centre, for whom its cameras are in charge of; an administrator without one sees all."""
        if not isinstance(user, User) or not has_right(user, Right.MANAGE_CAMERAS):
            return self.none()
        return self if user.agency_id is None else self.filter(centre_id=user.agency_id)

    def that_changed(self, camera: Camera) -> Self:
        """The lists that have added this camera, or changed it; `ImportChange` has the values."""
        changes = ImportChange.objects.filter(camera=camera).exclude(kind=ImportChange.Kind.MISSING)
        return self.filter(applied=CameraImport.Applied.DONE, pk__in=changes.values("source"))


class CameraImport(Job):
    """A list of cameras on its way in: first a dry run, which plans every change, then the import of that plan."""

    class Applied(models.TextChoices):
        NOT_YET = "", _("checked")
        STALE = "stale", _("cameras changed meanwhile")
        DONE = "done", _("imported")

    centre = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name=_("control centre"))
    file = models.FileField(_("file"), upload_to=import_file_name, max_length=200)
    original_name = models.CharField(_("original file name"), max_length=255)
    sha256 = models.CharField(max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("size (bytes)"), default=0)
    is_dry_run = models.BooleanField(_("dry run"), default=True)
    # What came of the import that followed the dry run.
    applied = models.CharField(_("result"), max_length=10, choices=Applied, default=Applied.NOT_YET, blank=True)
    # How the cameras stood when the plan was made: a plan for other cameras is not carried out.
    basis = models.CharField(max_length=64, blank=True, editable=False)
    # How many rows, poles, cameras; new, changed, unchanged, missing, refused …; and what the file was taken for.
    counts = models.JSONField(_("counts"), default=dict, blank=True)

    objects = CameraImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("camera import")
        verbose_name_plural = _("camera imports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_open_import_per_centre",
                violation_error_message=_("A list of this centre is already being read."),
            )
        ]

    def __str__(self) -> str:
        return self.original_name


class ImportChange(models.Model):
    """What an import does, or did, to one camera. Kept, so that it can be told which list gave a camera its values."""

    class Kind(models.TextChoices):
        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        MISSING = "missing", _("missing from the file")

    source = models.ForeignKey(CameraImport, models.CASCADE, related_name="changes", verbose_name=_("camera import"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    row = models.PositiveIntegerField(_("row"), default=0)
    camera = models.ForeignKey(
        Camera, models.SET_NULL, related_name="imported", verbose_name=_("camera"), null=True, blank=True
    )
    code = models.CharField(_("management number"), max_length=40)
    name = models.CharField(_("name"), max_length=100, blank=True)
    values = models.JSONField(_("values"), default=dict)  # {field: [old, new]}; of a new camera {field: new}

    class Meta:
        verbose_name = _("change of an import")
        verbose_name_plural = _("changes of an import")
        ordering = ["id"]
        indexes = [models.Index(fields=["source", "kind", "code"], name="import_change_listed")]

    def __str__(self) -> str:
        return f"{self.code}: {self.get_kind_display()}"


class ImportProblem(models.Model):
    """What is wrong with one cell or row of a list, and what became of it."""

    class Level(models.TextChoices):
        REFUSED = "refused", _("refused")
        REPAIRED = "repaired", _("repaired")
        NOTICE = "notice", _("notice")

    source = models.ForeignKey(CameraImport, models.CASCADE, related_name="problems", verbose_name=_("camera import"))
    level = models.CharField(_("result"), max_length=10, choices=Level)
    kind = models.CharField(_("kind"), max_length=20)  # `cameras.standard_list.problems` says what each means
    row = models.PositiveIntegerField(_("row"), default=0)  # 0: the file as a whole
    column = models.CharField(_("column"), max_length=30, blank=True)
    value = models.CharField(_("value"), max_length=100, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("problem of an import")
        verbose_name_plural = _("problems of an import")
        ordering = ["row", "id"]
        indexes = [models.Index(fields=["source", "level", "row"], name="import_problem_listed")]

    def __str__(self) -> str:
        return f"{self.row}: {self.kind}"
