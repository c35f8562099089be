"""How we look: a search, the pictures it starts from, and the candidates it finds."""

from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera
from inference.models import Job, Sighting
from investigations.models.request import SearchRequest
from portal.accounts.models import User


class SearchQuerySet(models.QuerySet["Search"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Searches are the centre's own work; police see what was confirmed, through the path."""
        if isinstance(user, User) and user.is_active and user.is_centre_member:
            return self.filter(request__in=SearchRequest.objects.visible_to(user))
        return self.none()


class Search(Job):
    request = models.ForeignKey(
        SearchRequest, models.PROTECT, related_name="searches", verbose_name=_("search request")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Sighting.Kind, default=Sighting.Kind.PERSON)
    cameras = models.ManyToManyField(Camera, related_name="searches", verbose_name=_("cameras"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    includes_small = models.BooleanField(_("small figures too"), default=False)
    limit = models.PositiveIntegerField(_("most candidates"), default=50)
    embedder = models.CharField(_("embedder"), max_length=60)
    sightings_compared = models.PositiveIntegerField(_("sightings compared"), default=0)

    objects = SearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="search_ends_after_start",
                violation_error_message=_("The end of the time range lies before its start."),
            ),
            models.CheckConstraint(condition=Q(limit__gte=1, limit__lte=500), name="search_limit_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.request} / {self.pk}"


def query_picture_name(picture: "QueryPicture", name: str) -> str:
    return f"queries/{picture.search_id}/{uuid4().hex}.jpg"


class QueryPictureQuerySet(models.QuerySet["QueryPicture"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(search__in=Search.objects.visible_to(user))


class QueryPicture(models.Model):
    """A picture that a search starts from: uploaded, or a sighting's own. The box is where the target is in it."""

    search = models.ForeignKey(Search, models.CASCADE, related_name="pictures", verbose_name=_("search"))
    image = models.FileField(_("picture"), upload_to=query_picture_name, max_length=200)
    original_name = models.CharField(_("original file name"), max_length=255, blank=True)
    sighting = models.ForeignKey(Sighting, models.PROTECT, null=True, blank=True, related_name="+")
    x1 = models.FloatField(null=True, blank=True)
    y1 = models.FloatField(null=True, blank=True)
    x2 = models.FloatField(null=True, blank=True)
    y2 = models.FloatField(null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = QueryPictureQuerySet.as_manager()

    class Meta:
        verbose_name = _("query picture")
        verbose_name_plural = _("query pictures")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.search_id}: {self.original_name or self.pk}"

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        box = (self.x1, self.y1, self.x2, self.y2)
        return None if any(edge is None for edge in box) else box  # type: ignore[return-value]  # None excluded


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(search__in=Search.objects.visible_to(user))

    def confirmed(self) -> Self:
        return self.filter(decision=Candidate.Decision.CONFIRMED)


class Candidate(models.Model):
    """A sighting that may be the target. A lead, until a person has confirmed it."""

    class Decision(models.TextChoices):
        PENDING = "pending", _("undecided")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("rejected")

    search = models.ForeignKey(Search, models.CASCADE, related_name="candidates", verbose_name=_("search"))
    sighting = models.ForeignKey(Sighting, models.PROTECT, related_name="candidates", verbose_name=_("sighting"))
    score = models.FloatField(_("similarity"))
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.PENDING)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["-search", "-score", "id"]  # a candidate's rank is its place in this order
        constraints = [
            models.UniqueConstraint(fields=["search", "sighting"], name="candidate_once_per_search"),
        ]

    def __str__(self) -> str:
        return f"{self.search}: {self.sighting}"


class CandidateDecision(models.Model):
    """One row for each decision on a candidate; the last one stands."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="decisions", verbose_name=_("candidate"))
    old = models.CharField(_("from"), max_length=10, choices=Candidate.Decision)
    new = models.CharField(_("to"), max_length=10, choices=Candidate.Decision)
    reason = models.TextField(_("reason"), blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.old} → {self.new}"
