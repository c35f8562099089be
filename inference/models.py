"""What was seen: analyses of recordings, and the sightings, features, descriptions and plates that they leave."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self
from uuid import uuid4

import numpy as np
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from cameras.models import Camera, Recording
from inference.core.plates import Character, PlateRead
from inference.core.plates.text import MOST_CHARACTERS
from portal.accounts.models import User
from portal.jobs import Job
from portal.jobs import soon as soon  # landed migrations know it by this place

# The fields of an analysis that name its models.
MODEL_FIELDS = (
    "detector",
    "embedder",
    "vehicle_embedder",
    "person_describer",
    "vehicle_describer",
    "plate_finder",
    "plate_reader",
)


def new_feature_key() -> int:
    """A number that no other feature of any database has: index files name vectors by it."""
    return secrets.randbits(62)


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(recording__in=Recording.objects.visible_to(user))


class Analysis(Job):
    """One run over one recording: with which models, at which rate, how far, and what came of it."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="analyses", verbose_name=_("recording"))
    detector = models.CharField(_("detector"), max_length=60)
    embedder = models.CharField(_("embedder of persons"), max_length=60)
    # Where one of these is blank, no such thing is made.
    vehicle_embedder = models.CharField(_("embedder of vehicles"), max_length=60, blank=True)
    person_describer = models.CharField(_("describer of persons"), max_length=60, blank=True)
    vehicle_describer = models.CharField(_("describer of vehicles"), max_length=60, blank=True)
    plate_finder = models.CharField(_("finder of number plates"), max_length=60, blank=True)
    plate_reader = models.CharField(_("reader of number plates"), max_length=60, blank=True)
    fps = models.FloatField(_("sampled frames per second"))
    frames_read = models.PositiveIntegerField(_("frames"), default=0)
    sightings_written = models.PositiveIntegerField(_("sightings"), default=0)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        verbose_name = _("analysis")
        verbose_name_plural = _("analyses")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording"],
                condition=Q(status__in=["queued", "running"]),
                name="one_open_analysis_per_recording",
                violation_error_message=_("This recording is already being analysed."),
            ),
            models.CheckConstraint(condition=Q(fps__gt=0, fps__lte=60), name="analysis_fps_sane"),
        ]
        # Timelines read how far the recordings of a whole city are analysed, from the index alone.
        indexes = [models.Index(fields=["recording", "status"], name="analysis_how_far")]

    def __str__(self) -> str:
        return f"{_('analysis')} {self.pk}: {self.recording}"

    @property
    def models(self) -> dict[str, str]:
        """The ids of its models by the names of their fields, without the blank ones."""
        return {name: getattr(self, name) for name in MODEL_FIELDS if getattr(self, name)}

    def embedder_of(self, kind: str) -> str:
        """The id of the model that made the features of this kind's sightings."""
        return self.embedder if kind == Sighting.Kind.PERSON else self.vehicle_embedder

    def describer_of(self, kind: str) -> str:
        return self.person_describer if kind == Sighting.Kind.PERSON else self.vehicle_describer

    @property
    def seconds(self) -> float | None:
        """Wall-clock seconds that the run took, or None while it has not ended."""
        if self.started_at and self.ended_at:
            return (self.ended_at - self.started_at).total_seconds()
        return None


def sighting_image_name(sighting: "Sighting", name: str) -> str:
    return f"sightings/{sighting.recording_id}/{uuid4().hex}.jpg"


class SightingQuerySet(models.QuerySet["Sighting"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A centre's operators and supervisors see what its cameras saw. Police see what they were answered,
        which is decided in `investigations`."""
        if isinstance(user, User) and user.is_active and user.is_centre_member and user.agency_id:
            return self.filter(camera__centre_id=user.agency_id)
        return self.none()

    def current(self) -> Self:
        return self.filter(is_superseded=False)

    def seen_between(self, starts_at: datetime, ends_at: datetime) -> Self:
        return self.filter(first_seen_at__lt=ends_at, last_seen_at__gte=starts_at)

    def unread_by(self, reader: str) -> Self:
        """Vehicles at which this reader of number plates has not looked yet; without a reader all."""
        vehicles = self.filter(kind=Sighting.Kind.VEHICLE)
        if not reader:
            return vehicles
        # The analysis looked first; another reader may have looked since, and is the last.
        looked_before = ~Q(plate_reader="") & Q(analysis__plate_reader=reader)
        return vehicles.exclude(Q(plate_reader=reader) | looked_before)


class Sighting(models.Model):
    """One track of one recording: when it was there, and its one best picture."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        VEHICLE = "vehicle", _("vehicle")

    recording = models.ForeignKey(Recording, models.PROTECT, related_name="sightings", verbose_name=_("recording"))
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="sightings", verbose_name=_("camera"))
    analysis = models.ForeignKey(
        Analysis, models.SET_NULL, related_name="sightings", null=True, verbose_name=_("analysis")
    )
    track_number = models.PositiveIntegerField(_("track"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    is_small = models.BooleanField(_("small"), default=False, help_text=_("Never reached 64 × 128 pixels."))
    is_superseded = models.BooleanField(
        _("superseded"),
        default=False,
        help_text=_("Kept for a case; a later analysis no longer has this track."),
    )
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    seen_at = models.DateTimeField(_("time of the picture"))
    frame = models.PositiveIntegerField(_("frame of the picture"))
    x1 = models.FloatField()
    y1 = models.FloatField()
    x2 = models.FloatField()
    y2 = models.FloatField()
    score = models.FloatField(_("detector score"))
    observations = models.PositiveIntegerField(_("times observed"))
    # Every box of the track over time; `inference.core.trajectory` reads and writes it.
    trajectory = models.BinaryField(_("track of boxes"), default=b"")
    image = models.FileField(_("picture"), upload_to=sighting_image_name, max_length=200)
    # The reader that looked for a number plate last, whether it found one or not.
    plate_reader = models.CharField(_("reader of number plates"), max_length=60, blank=True, editable=False)

    objects = SightingQuerySet.as_manager()

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        ordering = ["seen_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recording", "track_number"],
                condition=Q(is_superseded=False),
                name="one_sighting_per_track",
            ),
            models.CheckConstraint(condition=Q(last_seen_at__gte=F("first_seen_at")), name="sighting_times_ordered"),
        ]
        indexes = [models.Index(fields=["camera", "kind", "first_seen_at"], name="sighting_where_when")]

    def __str__(self) -> str:
        return f"{self.camera.code} {localtime(self.seen_at):%Y-%m-%d %H:%M:%S} #{self.track_number}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2


class FeatureQuerySet(models.QuerySet["Feature"]):
    def of_model(self, embedder: str) -> Self:
        return self.filter(embedder=embedder)

    def vectors_by(self, field: Literal["key", "sighting_id"]) -> dict[int, NDArray[np.float32]]:
        """Read the unit vectors, by the rows' key or by sighting."""
        return {
            number: np.frombuffer(bytes(vector), "<f2").astype(np.float32)
            for number, vector in self.values_list(field, "vector")
        }


class Feature(models.Model):
    """A sighting's ReID vector: float16, little-endian, unit length. Never changed: a new vector is a new row with a
    new key, so that the key stands for the vector in every derived index, also after a backup was restored."""

    key = models.BigIntegerField(default=new_feature_key, unique=True, editable=False)
    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="features", verbose_name=_("sighting"))
    embedder = models.CharField(_("embedder"), max_length=60)
    vector = models.BinaryField()

    objects = FeatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("feature")
        verbose_name_plural = _("features")
        constraints = [
            models.UniqueConstraint(fields=["sighting", "embedder"], name="one_feature_per_sighting_and_model")
        ]

    def __str__(self) -> str:
        return f"{self.embedder} → {self.sighting_id}"


class DescriptionQuerySet(models.QuerySet["Description"]):
    def of_model(self, describer: str) -> Self:
        return self.filter(describer=describer)


class Description(models.Model):
    """What a sighting looks like: the probabilities of one describer, one byte for each value of its heads.

    `inference.core.attributes` packs, unpacks and reads them. Seen by those who see the sighting, and deleted with it.
    """

    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="descriptions", verbose_name=_("sighting"))
    describer = models.CharField(_("describer"), max_length=60)
    probabilities = models.BinaryField()

    objects = DescriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("description")
        verbose_name_plural = _("descriptions")
        constraints = [
            models.UniqueConstraint(fields=["sighting", "describer"], name="one_description_per_sighting_and_model")
        ]

    def __str__(self) -> str:
        return f"{self.describer} → {self.sighting_id}"


def plate_image_name(plate: "Plate", name: str) -> str:
    return f"plates/{plate.sighting.recording_id}/{uuid4().hex}.jpg"


class PlateQuerySet(models.QuerySet["Plate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Who sees a sighting sees its plate."""
        return self.filter(sighting__in=Sighting.objects.visible_to(user))

    def of_reader(self, reader: str) -> Self:
        return self.filter(reader=reader)

    def current(self) -> Self:
        return self.filter(sighting__is_superseded=False)


class Plate(models.Model):
    """A sighting's number plate as one reader reads it. Never changed: another read, or a sighting with other times,
    gets a new row with a higher id, from which those who keep plates in memory learn of it (`inference.plates`)."""

    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="plates", verbose_name=_("sighting"))
    reader = models.CharField(_("reader"), max_length=60)
    text = models.CharField(_("number plate"), max_length=MOST_CHARACTERS)
    confidence = models.FloatField(_("confidence"), help_text=_("Of its least certain character, 0 to 1."))
    # For each character what it may be, best first: [[["1", 0.98], ["7", 0.01]], …].
    characters = models.JSONField(default=list)
    reads = models.PositiveSmallIntegerField(_("times read"))
    seen_at = models.DateTimeField(_("time of the picture"))
    image = models.FileField(_("picture"), upload_to=plate_image_name, max_length=200)

    objects = PlateQuerySet.as_manager()

    class Meta:
        verbose_name = _("number plate")
        verbose_name_plural = _("number plates")
        ordering = ["seen_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["sighting", "reader"], name="one_plate_per_sighting_and_reader"),
            models.CheckConstraint(condition=~Q(text=""), name="plate_has_text"),
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="plate_confidence_sane"),
        ]
        # New rows of a reader are looked for by id before each search.
        indexes = [models.Index(fields=["reader", "id"], name="plate_newest")]

    def __str__(self) -> str:
        # Without the text: this is what the audit trail keeps when the plate is long destroyed.
        return f"{_('number plate')} {self.sighting.camera.code} {localtime(self.seen_at):%Y-%m-%d %H:%M:%S}"

    @property
    def read(self) -> PlateRead:
        return plate_read(self.text, self.confidence, self.characters)


def plate_read(text: str, confidence: float, characters: Sequence[Sequence[tuple[str, float]]]) -> PlateRead:
    """What a row's fields say, as the core has it."""
    choices = (Character(tuple((one, chance) for one, chance in place)) for place in characters)
    return PlateRead(text, confidence, tuple(choices))


class PairBackgroundQuerySet(models.QuerySet["PairBackground"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Administrators see what was measured between cameras that they look after."""
        if not isinstance(user, User) or not user.is_administrator:
            return self.none()
        cameras = Camera.objects.visible_to(user)
        return self.filter(camera_a__in=cameras, camera_b__in=cameras)


class PairBackground(models.Model):
    """How alike strangers look in two cameras to one model: mean and deviation of their cosines.

    Taken from sightings at the same time in both; `inference.background` makes the rows and reads them. Statistics of
    many, which name nobody.
    """

    embedder = models.CharField(_("embedder"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Sighting.Kind)
    camera_a = models.ForeignKey(Camera, models.CASCADE, related_name="+", verbose_name=_("camera"))
    camera_b = models.ForeignKey(Camera, models.CASCADE, related_name="+", verbose_name=_("other camera"))
    mean = models.FloatField(_("mean"))
    deviation = models.FloatField(_("deviation"))
    count = models.PositiveIntegerField(_("pairs"))
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    objects = PairBackgroundQuerySet.as_manager()

    class Meta:
        verbose_name = _("background of two cameras")
        verbose_name_plural = _("backgrounds of two cameras")
        constraints = [
            models.UniqueConstraint(
                fields=["embedder", "kind", "camera_a", "camera_b"], name="one_background_per_pair"
            ),
            # A pair has no order; the smaller key stands first.
            models.CheckConstraint(condition=Q(camera_a__lt=F("camera_b")), name="background_pair_ordered"),
            models.CheckConstraint(condition=Q(deviation__gt=0, count__gte=30), name="background_has_evidence"),
        ]

    def __str__(self) -> str:
        return f"{self.camera_a.code} – {self.camera_b.code}: {self.embedder}"


class TunedModelQuerySet(models.QuerySet["TunedModel"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Models are the whole site's: every administrator sees them."""
        return self if isinstance(user, User) and user.is_active and user.is_administrator else self.none()


class TunedModel(models.Model):
    """A site's own linear map on the features of an embedder; `inference.tuning` makes and reads it.

    It lies in the database, not in a file, so that every worker host and every backup has it. Never changed: a new map
    is a new row with another name.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)  # <base>+<8 hex digits of the map's digest>
    base = models.CharField(_("embedder"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Sighting.Kind)
    weights = models.BinaryField()
    # Of the cosines of strangers across cameras, with the map.
    mean = models.FloatField(_("mean"))
    deviation = models.FloatField(_("deviation"))
    figures = models.JSONField(_("figures"), default=dict)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    objects = TunedModelQuerySet.as_manager()

    class Meta:
        verbose_name = _("tuned model")
        verbose_name_plural = _("tuned models")
        ordering = ["-made_at"]
        constraints = [models.CheckConstraint(condition=Q(deviation__gt=0), name="tuned_model_has_deviation")]

    def __str__(self) -> str:
        return self.name
