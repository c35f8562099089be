"""What the control centre answers: chosen sightings, the path they make, and what was searched to find them."""

from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inference.core.plates.text import MOST_CHARACTERS
from inference.models import Sighting
from investigations.models.request import SearchRequest
from portal.accounts.models import User
from portal.jobs import Job


class AnswerQuerySet(models.QuerySet["Answer"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The station that asked, and the centre that answered."""
        return self.filter(request__in=SearchRequest.objects.visible_to(user))


class Answer(models.Model):
    """One answer to a request; a later one adds to it or corrects it. Never changed: it was handed out."""

    request = models.ForeignKey(SearchRequest, models.PROTECT, related_name="answers", verbose_name=_("search request"))
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("answer"), max_length=8000, validators=[MaxLengthValidator(8000)])
    is_provisional = models.BooleanField(
        _("provisional"),
        default=False,
        help_text=_("Sent in an emergency before a second person had looked."),
    )
    # What was searched and what could not be: see `investigations.certificate`.
    certificate = models.JSONField(_("search certificate"), default=dict)
    audit_sequence = models.BigIntegerField(_("audit entry"))
    audit_root = models.CharField(_("audit root"), max_length=64)
    sent_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("answered by"))
    sent_at = models.DateTimeField(_("answered"), auto_now_add=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-request", "-number"]
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="answer_numbers_unique")]

    def __str__(self) -> str:
        return f"{self.request} / {self.number}"


class AnswerItemQuerySet(models.QuerySet["AnswerItem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(answer__in=Answer.objects.visible_to(user))


class AnswerItem(models.Model):
    """One numbered sighting of an answer. Its facts are copied: they outlive the footage, which the law may have
    destroyed; `sighting` is then empty."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="items", verbose_name=_("answer"))
    number = models.PositiveIntegerField(_("number"))
    sighting = models.ForeignKey(
        Sighting, models.SET_NULL, related_name="+", verbose_name=_("sighting"), null=True, blank=True
    )
    camera_code = models.CharField(_("management number"), max_length=40)
    camera_name = models.CharField(_("camera"), max_length=100)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    seen_at = models.DateTimeField(_("time of the picture"))
    score = models.FloatField(_("similarity"), null=True, blank=True)
    rank = models.PositiveIntegerField(_("rank"))
    compared = models.PositiveIntegerField(_("sightings compared"))
    plate = models.CharField(_("number plate as read"), max_length=MOST_CHARACTERS, blank=True)
    plate_confidence = models.FloatField(_("confidence of the number plate"), null=True, blank=True)
    # That of a stop before, where this one's contradicts it, as it was judged when the answer was sent.
    other_plate = models.CharField(_("number plate read before"), max_length=MOST_CHARACTERS, blank=True)
    hop_m = models.FloatField(_("distance (m)"), null=True, blank=True)
    hop_s = models.FloatField(_("time (s)"), null=True, blank=True)
    speed_mps = models.FloatField(_("speed (m/s)"), null=True, blank=True)
    is_impossible = models.BooleanField(_("impossible hop"), default=False)
    confirmed_by = models.CharField(_("first reviewer"), max_length=150)
    confirmed_at = models.DateTimeField(_("first review"))
    agreed_by = models.CharField(_("second reviewer"), max_length=150, blank=True)
    agreed_at = models.DateTimeField(_("second review"), null=True, blank=True)

    objects = AnswerItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("sighting of an answer")
        verbose_name_plural = _("sightings of an answer")
        ordering = ["answer", "number"]
        constraints = [models.UniqueConstraint(fields=["answer", "number"], name="answer_items_numbered")]

    def __str__(self) -> str:
        return f"{self.answer_id}.{self.number}"


def package_name(package: "EvidencePackage", name: str) -> str:
    return f"packages/{package.answer_id}/{uuid4().hex}.zip"


class EvidencePackageQuerySet(models.QuerySet["EvidencePackage"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(answer__in=Answer.objects.visible_to(user))


class EvidencePackage(Job):
    """The files that go to court: made in the background, signed, and gone when the law wants it."""

    answer = models.ForeignKey(Answer, models.PROTECT, related_name="packages", verbose_name=_("answer"))
    reason = models.TextField(_("reason"))
    margin_s = models.PositiveIntegerField(_("seconds before and after"), default=5)
    has_originals = models.BooleanField(
        _("with unmasked clips"),
        default=False,
        help_text=_("Clips as recorded, in which bystanders can be recognised."),
    )
    file = models.FileField(_("file"), upload_to=package_name, max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size (bytes)"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    key_fingerprint = models.CharField(_("fingerprint of the key"), max_length=100, blank=True)

    objects = EvidencePackageQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence package")
        verbose_name_plural = _("evidence packages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer"],
                condition=Q(status__in=["queued", "running"]),
                name="one_open_package_per_answer",
                violation_error_message=_("A package of this answer is already being made."),
            ),
            models.CheckConstraint(condition=Q(margin_s__lte=120), name="package_margin_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.answer} / {self.pk}"


class Unmasking(models.Model):
    """Somebody decided that one bystander's track is shown unmasked in one package, and said why."""

    package = models.ForeignKey(EvidencePackage, models.CASCADE, related_name="unmaskings", verbose_name=_("package"))
    sighting = models.ForeignKey(Sighting, models.SET_NULL, related_name="+", null=True, verbose_name=_("sighting"))
    sighting_name = models.CharField(_("sighting"), max_length=200)
    reason = models.TextField(_("reason"))
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("unmasking")
        verbose_name_plural = _("unmaskings")
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["package", "sighting"], name="unmasked_once")]

    def __str__(self) -> str:
        return f"{self.package_id}: {self.sighting_name}"
