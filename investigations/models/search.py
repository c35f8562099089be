"""How we look: a search, the pictures it starts from, and the candidates it finds."""

from typing import Self
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cameras.models import Camera, Recording
from inference.core.plates.text import MOST_CHARACTERS
from inference.models import Sighting
from investigations import workflow
from investigations.models.request import SearchRequest
from portal.accounts.models import User
from portal.jobs import Job
from portal.sentences import SentenceField

# Multiplying by one modulo the other puts rows into an order that says nothing of their similarity.
SHUFFLE_BY, SHUFFLE_IN = 40_503, 65_537


class SearchQuerySet(models.QuerySet["Search"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Searches are the centre's own work; police see what was confirmed, through the path."""
        if isinstance(user, User) and user.is_active and user.is_centre_member:
            return self.filter(request__in=SearchRequest.objects.visible_to(user))
        return self.none()

    def refined_by_hidden(self, user: User) -> Self:
        """Those refined by a decision that this person must not learn: who is in the list of such a search, who is
        missing there, and how alike they are tells of it."""
        hidden = Candidate.objects.hidden_from(user).values("pk")
        telling = QueryPicture.objects.filter(search=models.OuterRef("pk"), candidate__in=hidden)
        return self.filter(models.Exists(telling))


class Search(Job):
    request = models.ForeignKey(
        SearchRequest, models.PROTECT, related_name="searches", verbose_name=_("search request")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Sighting.Kind, default=Sighting.Kind.PERSON)
    cameras = models.ManyToManyField(Camera, related_name="searches", verbose_name=_("cameras"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    includes_small = models.BooleanField(_("small figures too"), default=False)
    description = models.JSONField(_("description"), default=list, blank=True)  # short words, as somebody chose them
    # What the words mean to the describer: a list of {"attribute", "value", "required"}.
    wanted = models.JSONField(_("looked for"), default=list, blank=True)
    plate = models.CharField(_("number plate"), max_length=20, blank=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="refinements", verbose_name=_("refined from")
    )
    limit = models.PositiveIntegerField(_("most candidates"), default=50)
    embedder = models.CharField(_("embedder"), max_length=60)
    describer = models.CharField(_("describer"), max_length=60, blank=True)
    # Whose reads are compared; empty where no plate is asked for, or none were read when it was begun.
    plate_reader = models.CharField(_("reader of number plates"), max_length=60, blank=True)
    sightings_compared = models.PositiveIntegerField(_("sightings compared"), default=0)
    # Of the pictures of the target: what is left of the query no longer says what was compared.
    pictures_destroyed = models.PositiveIntegerField(_("pictures destroyed since"), default=0)

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

    @property
    def is_by_plate(self) -> bool:
        """Are number plates compared? Of who looks for a person a plate is a reminder."""
        return bool(self.plate) and self.kind == Sighting.Kind.VEHICLE

    def had_pictures(self) -> bool:
        """Did it go by pictures, whether they are still there or were destroyed since?"""
        return bool(self.pictures_destroyed) or self.pictures.usable().exists()

    def is_known_to(self, user: User) -> bool:
        """Does this person know how its candidates were decided? Whoever does cannot give a second opinion."""
        return self.participants.filter(user=user).exists()


class Participant(models.Model):
    """Somebody who has worked on a search, or asked to see its decisions, and so is no second reviewer of it."""

    search = models.ForeignKey(Search, models.CASCADE, related_name="participants", verbose_name=_("search"))
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["search", "user"], name="participant_once")]

    def __str__(self) -> str:
        return f"{self.search_id}: {self.user}"


def query_picture_name(picture: "QueryPicture", name: str) -> str:
    return f"queries/{picture.search_id}/{uuid4().hex}.jpg"


class QueryPictureQuerySet(models.QuerySet["QueryPicture"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Without those that would tell this person of decisions about which they may give the second opinion."""
        rows = self.filter(search__in=Search.objects.visible_to(user))
        if not isinstance(user, User):
            return rows
        return rows.exclude(models.Exists(Candidate.objects.hidden_from(user).filter(pk=models.OuterRef("candidate"))))

    def usable(self) -> Self:
        """Pictures of the target: readable, and none of somebody else."""
        return self.filter(error="", is_against=False)

    def against(self) -> Self:
        """Pictures of rejected candidates, which push away what is like them."""
        return self.filter(error="", is_against=True)


class QueryPicture(models.Model):
    """A picture that a search starts from: uploaded, a sighting's own, or a frame of a recording, which it outlives.

    The box is where the target is in it; `at_s` are the seconds of the recording at which the frame is shown. A search
    that was refined also has pictures of candidates that people had decided about: of the confirmed ones, and
    `is_against`, of the rejected ones.
    """

    search = models.ForeignKey(Search, models.CASCADE, related_name="pictures", verbose_name=_("search"))
    image = models.FileField(_("picture"), upload_to=query_picture_name, max_length=200)
    original_name = models.CharField(_("original file name"), max_length=255, blank=True)
    sighting = models.ForeignKey(Sighting, models.PROTECT, null=True, blank=True, related_name="+")
    recording = models.ForeignKey(
        Recording, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("recording")
    )
    at_s = models.FloatField(_("at (s)"), null=True, blank=True)
    x1 = models.FloatField(null=True, blank=True)
    y1 = models.FloatField(null=True, blank=True)
    x2 = models.FloatField(null=True, blank=True)
    y2 = models.FloatField(null=True, blank=True)
    error = SentenceField(_("error"), blank=True)
    candidate = models.ForeignKey(
        "Candidate", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided candidate")
    )
    is_against = models.BooleanField(_("somebody else"), default=False)

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


def _is_known_to(user: User) -> Q:
    """Candidates of searches that this person worked on, looked at by two people, or once by them."""
    looked_at = SecondReview.objects.standing() | SecondReview.objects.by(user)
    joined = Participant.objects.filter(user=user)
    return Q(pk__in=looked_at.values("candidate_id")) | Q(search__in=joined.values("search_id"))


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(search__in=Search.objects.visible_to(user))

    def decided(self) -> Self:
        return self.exclude(decision=Candidate.Decision.PENDING)

    def confirmed(self) -> Self:
        return self.filter(decision=Candidate.Decision.CONFIRMED)

    def agreed(self) -> Self:
        """Confirmed by two people, the second of whom did not know of the first."""
        second = SecondReview.objects.standing().filter(verdict=Candidate.Decision.CONFIRMED)
        return self.confirmed().filter(pk__in=second.values("candidate_id"))

    def disputed(self) -> Self:
        """Two people came to different verdicts."""
        other = SecondReview.objects.standing().exclude(verdict=models.OuterRef("decision"))
        return self.decided().filter(models.Exists(other.filter(candidate=models.OuterRef("pk"))))

    def without_second_review(self) -> Self:
        return self.exclude(pk__in=SecondReview.objects.standing().values("candidate_id"))

    def of_participant(self, user: User) -> Self:
        """Of searches that this person has worked on, or asked to see the decisions of."""
        return self.filter(search__in=Participant.objects.filter(user=user).values("search_id"))

    def hidden_from(self, user: User) -> Self:
        """Those whose decision this person must not learn, because they may give the second opinion."""
        return self.exclude(_is_known_to(user))

    def known_to(self, user: User) -> Self:
        """Those whose decision is not hidden from this person."""
        return self.filter(_is_known_to(user))

    def with_standing(self, user: User) -> Self:
        """Note on each what was decided about its sighting, as far as this person knows, in whichever search of the
        request: `standing`, `standing_search`, and the second opinion, `standing_verdict`; null where nothing was."""
        same = {"search__request": models.OuterRef("search__request"), "sighting": models.OuterRef("sighting")}
        standing = Candidate.objects.decided().known_to(user).filter(**same)
        verdicts = SecondReview.objects.standing().filter(candidate=models.OuterRef("pk")).values("verdict")
        return self.annotate(
            standing=models.Subquery(standing.values("decision")[:1]),
            standing_search=models.Subquery(standing.values("search")[:1]),
            standing_verdict=models.Subquery(
                standing.annotate(verdict=models.Subquery(verdicts)).values("verdict")[:1]
            ),
        )

    def shown_on_path_to(self, user: User) -> Self:
        """What a path shows to this person: what they know to be confirmed, or two people agree about."""
        return self.confirmed().of_participant(user) | self.agreed()

    def awaiting_second_review(self, user: User) -> Self:
        """What this person can give the second opinion about, the oldest deadline first.

        Rejected candidates that stand as high as a confirmed one are mixed in, and the order within a request comes
        from the rows' numbers alone: neither tells what the first opinion was.
        """
        less_alike = Candidate.objects.confirmed().filter(
            search=models.OuterRef("search"), order__lte=models.OuterRef("order")
        )
        decoy = Q(decision=Candidate.Decision.REJECTED) & Q(models.Exists(less_alike))
        rows = self.visible_to(user).filter(search__request__status__in=workflow.AT_CENTRE).hidden_from(user)
        rows = rows.select_related("search__request__case", "search__request__basis", "sighting__camera")
        return rows.filter(Q(decision=Candidate.Decision.CONFIRMED) | decoy).order_by(
            F("search__request__answer_due_at").asc(nulls_last=True),
            "search__request_id",
            # Each person in an order of their own, so that two who look at once seldom look at the same.
            (F("pk") + user.pk) % SHUFFLE_IN * SHUFFLE_BY % SHUFFLE_IN,
            "pk",
        )


class Candidate(models.Model):
    """A sighting that may be the target. A lead, until a person has confirmed it.

    `score` is its best cosine to a query picture (null where there was none), `order` what the list is sorted by:
    that, re-ranked, with what the description says. `odds` is the chance that it is somebody else (null where the
    model is not calibrated), `evidence` how much the description speaks for it (log-odds; null where none was given),
    `described` what it looks like: {attribute: [value, probability]}, and `plate` what was read of its number plate,
    with its distance from the plate that was asked for (null where none was asked for, or none was read).

    A sighting is decided about once in a request: in one of its candidates. In the other searches that found it, it
    stays undecided in its row, and what stands is looked up (`services.candidates` sees to the first, `shortlist` to
    the second).
    """

    class Decision(models.TextChoices):
        PENDING = "pending", _("undecided")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("rejected")

    search = models.ForeignKey(Search, models.CASCADE, related_name="candidates", verbose_name=_("search"))
    sighting = models.ForeignKey(Sighting, models.PROTECT, related_name="candidates", verbose_name=_("sighting"))
    score = models.FloatField(_("similarity"), null=True, blank=True)
    order = models.FloatField(_("place in the list"), default=0.0)
    odds = models.FloatField(_("chance of somebody else"), null=True, blank=True)
    evidence = models.FloatField(_("evidence of the description"), null=True, blank=True)
    described = models.JSONField(_("described as"), default=dict, blank=True)
    plate = models.CharField(_("number plate as read"), max_length=MOST_CHARACTERS, blank=True)
    plate_distance = models.FloatField(_("distance of the number plate"), null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.PENDING)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        ordering = ["-search", "-order", "id"]  # a candidate's rank is its place in this order
        constraints = [
            models.UniqueConstraint(fields=["search", "sighting"], name="candidate_once_per_search"),
            models.CheckConstraint(
                condition=Q(odds=None) | Q(odds__gte=0, odds__lte=1), name="candidate_odds_are_a_chance"
            ),
            models.CheckConstraint(
                condition=Q(plate_distance=None) | Q(plate_distance__gte=0), name="candidate_plate_distance_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.search}: {self.sighting}"

    @property
    def second_review(self) -> "SecondReview | None":
        """The standing second opinion, out of those that were prefetched."""
        return next((review for review in self.second_reviews.all() if not review.is_void), None)


class CandidateDecision(models.Model):
    """One row for each decision on a candidate; of those in the row that is decided the last one stands."""

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


class SecondReviewQuerySet(models.QuerySet["SecondReview"]):
    def standing(self) -> Self:
        return self.filter(is_void=False)

    def by(self, user: User) -> Self:
        """Also those that are void: who gave them was told the first decision."""
        return self.filter(reviewer=user)


class SecondReview(models.Model):
    """The verdict of somebody who did not know the first one. Void once the first decision changes."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("rejected")

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="second_reviews", verbose_name=_("candidate"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    reason = models.TextField(_("reason"), blank=True)
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("second reviewer"))
    at = models.DateTimeField(_("when"), auto_now_add=True)
    is_void = models.BooleanField(_("void"), default=False)

    objects = SecondReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("second review")
        verbose_name_plural = _("second reviews")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate"],
                condition=Q(is_void=False),
                name="one_standing_second_review",
                violation_error_message=_("Somebody else has given the second opinion meanwhile."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.verdict}"
