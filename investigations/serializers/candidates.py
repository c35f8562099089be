"""The shapes of a search's results: candidates, what is said about them, and the decisions."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inference.core.odds import weak_from
from inference.models import Sighting
from investigations.models import Candidate, Search
from investigations.pictures import clip_url
from investigations.reads import marks_of
from investigations.serializers.plates import PlateMatchSerializer
from investigations.serializers.workspace import (
    LARGEST_ID,
    QueryPictureSerializer,
    SearchSummarySerializer,
    SightingSerializer,
)
from investigations.shortlist import Finding, pictures_shown

HIDDEN = "hidden"
MOST_AT_ONCE = 500
SHOWN_DECISIONS = [*Candidate.Decision.values, HIDDEN]
SECONDS = serializers.ChoiceField(choices=["", "agreed", "disputed", "awaited"])


class EvidenceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One number that speaks for a candidate, or against it; its unit is the end of its name."""

    name = serializers.CharField()
    value = serializers.FloatField()


class ConflictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A confirmed sighting, and the way between it and the candidate that nobody could have made in the time."""

    sighting = serializers.IntegerField()
    camera_name = serializers.CharField()
    seen_at = serializers.DateTimeField()
    distance_m = serializers.FloatField()
    seconds = serializers.FloatField()


class DescribedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a candidate looks like to the model; `wanted` says whether that is what was asked for (null: not asked for,
    or the model does not know)."""

    attribute = serializers.CharField()
    value = serializers.CharField()
    probability = serializers.FloatField()
    wanted = serializers.BooleanField(allow_null=True)


class ElsewhereSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """In the list of which other search of the request a sighting was decided about, by whom and when."""

    search = serializers.IntegerField()
    by = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class CandidateStateSerializer(serializers.ModelSerializer[Candidate]):
    """What may change of a candidate, for somebody who knows how the search's were decided (`is_known` of the context),
    or does not.

    A decision is about the sighting, and holds in all searches of the request. `elsewhere` says where it was made; null
    where that was here, or where none is known. `second` is what became of the second opinion: agreed, disputed,
    awaited, or nothing where none is asked for. Candidates with the same `group` are pieces of one way past one
    camera. `odds` is the chance that it is somebody else; null while the search still looks, and where the model has no
    calibration. `score` is the similarity to the pictures searched by; null where there were none. `findings` of the
    context has what `shortlist` says about each.
    """

    decision = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    elsewhere = serializers.SerializerMethodField()
    second = serializers.SerializerMethodField()
    group = serializers.SerializerMethodField()
    conflict = serializers.SerializerMethodField()

    class Meta:
        model = Candidate
        fields = ["id", "decision", "reason", "elsewhere", "second", "group", "conflict", "score", "odds"]

    @extend_schema_field(serializers.ChoiceField(choices=SHOWN_DECISIONS))
    def get_decision(self, candidate: Candidate) -> str:
        if standing := self._finding(candidate).standing:
            return standing.decision
        return Candidate.Decision.PENDING if self.context["is_known"] else HIDDEN

    def get_reason(self, candidate: Candidate) -> str:
        standing = self._finding(candidate).standing
        return standing.reason if standing else ""

    @extend_schema_field(ElsewhereSerializer(allow_null=True))
    def get_elsewhere(self, candidate: Candidate) -> Any:
        standing = self._finding(candidate).standing
        return ElsewhereSerializer(standing).data if standing and standing.search != candidate.search_id else None

    @extend_schema_field(SECONDS)
    def get_second(self, candidate: Candidate) -> str:
        standing = self._finding(candidate).standing
        if standing is None:
            return ""
        if standing.verdict:
            return "agreed" if standing.verdict == standing.decision else "disputed"
        return "awaited" if standing.decision == Candidate.Decision.CONFIRMED else ""

    def get_group(self, candidate: Candidate) -> int:
        return self._finding(candidate).group

    @extend_schema_field(ConflictSerializer(allow_null=True))
    def get_conflict(self, candidate: Candidate) -> Any:
        conflict = self._finding(candidate).conflict
        return ConflictSerializer(conflict).data if conflict else None

    def _finding(self, candidate: Candidate) -> Finding:
        finding: Finding = self.context["findings"][candidate.pk]
        return finding


class CandidateSerializer(CandidateStateSerializer):
    """A candidate with its sighting, where it is in its recording, and why it is one.

    `clip` is null where the footage is no longer stored, `plate_match` where no plate was asked for, or none was read.
    """

    sighting = SightingSerializer(read_only=True)
    recording = serializers.IntegerField(source="sighting.recording_id", read_only=True)
    at_s = serializers.SerializerMethodField()
    box = serializers.SerializerMethodField()
    clip = serializers.SerializerMethodField()
    described = serializers.SerializerMethodField()  # of hundreds it is much, and it changes only as the search ends
    evidence = serializers.SerializerMethodField()
    plate_match = serializers.SerializerMethodField()

    class Meta(CandidateStateSerializer.Meta):
        fields = [
            *CandidateStateSerializer.Meta.fields,
            "described",
            "evidence",
            "plate_match",
            "recording",
            "at_s",
            "box",
            "clip",
            "sighting",
        ]

    def get_at_s(self, candidate: Candidate) -> float:
        sighting: Sighting = candidate.sighting
        return max(0.0, round((sighting.seen_at - sighting.recording.started_at).total_seconds(), 3))

    @extend_schema_field(serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4))
    def get_box(self, candidate: Candidate) -> list[float]:
        return [round(edge, 1) for edge in candidate.sighting.box]

    def get_clip(self, candidate: Candidate) -> str | None:
        if not self._finding(candidate).has_footage:
            return None
        return clip_url(candidate.sighting_id, self.context["viewer"])

    @extend_schema_field(DescribedSerializer(many=True))
    def get_described(self, candidate: Candidate) -> list[dict[str, Any]]:
        return self._finding(candidate).described

    @extend_schema_field(PlateMatchSerializer(allow_null=True))
    def get_plate_match(self, candidate: Candidate) -> Any:
        search = candidate.search
        if candidate.plate_distance is None or not search.is_by_plate:
            return None
        marks = marks_of(search, candidate.plate)
        said = {"text": candidate.plate, "distance": candidate.plate_distance, "marks": marks}
        return PlateMatchSerializer(said).data

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, candidate: Candidate) -> list[dict[str, Any]]:
        return self._finding(candidate).evidence


class UsableDecisionsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How many decisions of each kind a refinement would use that none has used yet."""

    confirmed = serializers.IntegerField()
    rejected = serializers.IntegerField()


class SearchSerializer(SearchSummarySerializer):
    """A search with its candidates, or with those that came after `since`; `states` has all, in their order.

    `weak_from` is the rank from which candidates are more likely somebody else than not (null: unknown, or none is).
    `usable_decisions` counts the decisions that a refinement would use and none has used; `can_refine` is their sum,
    0 where the request may no longer be searched. Both are 0 for who does not know them, whom also no picture of a
    decided candidate is shown. `is_withheld`: the search was ranked by such decisions, so that who is in its list would
    tell of them, and the list is left out.
    """

    pictures = serializers.SerializerMethodField()
    weak_from = serializers.SerializerMethodField()
    can_refine = serializers.SerializerMethodField()
    usable_decisions = serializers.SerializerMethodField()
    candidates = serializers.SerializerMethodField()
    states = CandidateStateSerializer(source="candidates", many=True, read_only=True)
    is_known = serializers.SerializerMethodField()
    is_withheld = serializers.SerializerMethodField()

    class Meta(SearchSummarySerializer.Meta):
        fields = [
            *SearchSummarySerializer.Meta.fields,
            "is_known",
            "is_withheld",
            "weak_from",
            "can_refine",
            "usable_decisions",
            "pictures",
            "candidates",
            "states",
        ]

    @extend_schema_field(QueryPictureSerializer(many=True))
    def get_pictures(self, search: Search) -> Any:
        rows = pictures_shown(search, self.context["viewer"])
        return QueryPictureSerializer(rows, many=True, context=self.context).data

    def get_weak_from(self, search: Search) -> int | None:
        return weak_from([row.odds for row in search.candidates.all()])

    def get_can_refine(self, search: Search) -> int:
        return sum(self.get_usable_decisions(search).values()) if search.request.is_searchable else 0

    @extend_schema_field(UsableDecisionsSerializer)
    def get_usable_decisions(self, search: Search) -> dict[str, int]:
        counts: dict[str, int] = self.context["usable"]
        return counts

    @extend_schema_field(CandidateSerializer(many=True))
    def get_candidates(self, search: Search) -> Any:
        rows = [row for row in search.candidates.all() if row.pk > self.context.get("since", 0)]
        return CandidateSerializer(rows, many=True, context=self.context).data

    def get_is_known(self, search: Search) -> bool:
        return bool(self.context["is_known"])

    def get_is_withheld(self, search: Search) -> bool:
        return bool(self.context["is_withheld"])


class SinceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """`since`: the highest number of a candidate that the asker has already, so that it is not sent again."""

    since = serializers.IntegerField(required=False, default=0, min_value=0, max_value=LARGEST_ID)


class DecisionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A decision, and the one that its maker saw before (`seen`), so that no other is overwritten unseen."""

    decision = serializers.ChoiceField(choices=Candidate.Decision.choices)
    seen = serializers.ChoiceField(choices=Candidate.Decision.choices)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class SeenSerializer(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    seen = serializers.ChoiceField(choices=Candidate.Decision.choices)


class DecisionsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One decision about several candidates of a search, each with the one that its maker saw before."""

    decision = serializers.ChoiceField(choices=Candidate.Decision.choices)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    candidates = serializers.ListField(child=SeenSerializer(), min_length=1, max_length=MOST_AT_ONCE)


class DecidedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    candidates = CandidateStateSerializer(many=True, read_only=True)
