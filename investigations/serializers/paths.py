"""The shapes of paths: the one that is worked on, the one that was answered, others, where next, and sharing."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inference.models import Sighting
from investigations.leads import Outlook
from investigations.models import Answer, AnswerItem, Path, PathPoint
from investigations.pictures import clip_url, sighting_url
from investigations.reads import plates_before
from investigations.serializers.workspace import LARGEST_ID, SightingSerializer
from investigations.whereabouts import LONGEST, Origin

LONGEST_NOTE = 500


class PathPointSerializer(serializers.ModelSerializer[PathPoint]):
    """A numbered sighting of a path. `other_plate` is the number plate that was read before, where the one read here
    contradicts it (empty: it does not): it may be another vehicle."""

    sighting = SightingSerializer(read_only=True)
    other_plate = serializers.CharField(read_only=True)

    class Meta:
        model = PathPoint
        fields = ["number", "hop_m", "hop_s", "speed_mps", "is_impossible", "other_plate", "sighting"]


class StopSerializer(SightingSerializer):
    """A sighting with the address of its clip; who asks has had the look accounted for."""

    clip = serializers.SerializerMethodField()

    class Meta(SightingSerializer.Meta):
        fields = [*SightingSerializer.Meta.fields, "clip"]

    def get_clip(self, sighting: Sighting) -> str:
        return clip_url(sighting.pk, self.context["viewer"])


class ConfirmationSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """By which candidate of which search a stop is confirmed."""

    candidate = serializers.IntegerField()
    search = serializers.IntegerField()


class WorkedPointSerializer(PathPointSerializer):
    """A stop of the path that is worked on, with what confirmed it, as far as the viewer knows."""

    sighting = StopSerializer(read_only=True)
    confirmed_by = serializers.SerializerMethodField()
    is_agreed = serializers.SerializerMethodField()

    class Meta(PathPointSerializer.Meta):
        fields = [*PathPointSerializer.Meta.fields, "confirmed_by", "is_agreed"]

    @extend_schema_field(ConfirmationSerializer(many=True))
    def get_confirmed_by(self, point: PathPoint) -> list[dict[str, int]]:
        return list(self.context["confirmations"].get(point.sighting_id, []))

    def get_is_agreed(self, point: PathPoint) -> bool:
        return point.sighting_id in self.context["agreed"]


class PathSerializer(serializers.ModelSerializer[Path]):
    """The working path; `points` of the context are those that the viewer may see."""

    points = serializers.SerializerMethodField()
    built_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Path
        fields = ["id", "request", "built_by", "built_at", "points"]

    @extend_schema_field(WorkedPointSerializer(many=True))
    def get_points(self, path: Path) -> Any:
        return WorkedPointSerializer(self.context["points"], many=True, context=self.context).data


class AnsweredPlateSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A number plate as it was read, and how certain its least certain character is."""

    text = serializers.CharField()
    confidence = serializers.FloatField(allow_null=True)


class AnsweredSightingSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What an answer says of a sighting. Number and picture are null once the law had the footage destroyed."""

    id = serializers.IntegerField(allow_null=True)
    picture = serializers.CharField(allow_null=True)
    camera_code = serializers.CharField()
    camera_name = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    plate = AnsweredPlateSerializer(allow_null=True)


class AnsweredPointSerializer(serializers.ModelSerializer[AnswerItem]):
    """A numbered sighting of an answer, in the shape of a path's point; its facts are the answer's own copies."""

    sighting = serializers.SerializerMethodField()

    class Meta:
        model = AnswerItem
        fields = ["number", "hop_m", "hop_s", "speed_mps", "is_impossible", "other_plate", "sighting"]

    @extend_schema_field(AnsweredSightingSerializer)
    def get_sighting(self, item: AnswerItem) -> dict[str, Any]:
        names = ("camera_code", "camera_name", "latitude", "longitude", "first_seen_at", "last_seen_at", "seen_at")
        url = sighting_url(item.sighting_id, self.context["viewer"]) if item.sighting_id else None
        plate = {"text": item.plate, "confidence": item.plate_confidence} if item.plate else None
        return {"id": item.sighting_id, "picture": url, "plate": plate} | {name: getattr(item, name) for name in names}


class AnsweredPathSerializer(serializers.ModelSerializer[Answer]):
    """The path as the station was answered. Before there is one, its number, maker and time are null."""

    id = serializers.IntegerField(read_only=True, allow_null=True)
    points = serializers.SerializerMethodField()
    built_by = serializers.StringRelatedField(source="sent_by", read_only=True, allow_null=True)  # type: ignore[var-annotated]
    built_at = serializers.DateTimeField(source="sent_at", read_only=True, allow_null=True)

    class Meta:
        model = Answer
        fields = ["id", "request", "built_by", "built_at", "points"]

    @extend_schema_field(AnsweredPointSerializer(many=True))
    def get_points(self, answer: Answer) -> Any:
        return AnsweredPointSerializer(answer.items, many=True, context=self.context).data


# ── Other paths ─────────────────────────────────────────────────────────────────────────────────────────────────────


class HopSerializer(serializers.Serializer):  # type: ignore[type-arg]
    distance_m = serializers.FloatField()
    duration_s = serializers.FloatField()
    speed_mps = serializers.FloatField(allow_null=True)
    is_impossible = serializers.BooleanField()


class OtherStopSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A stop of another path, and what it adds to the path's score: evidence less haste, less time unseen."""

    number = serializers.IntegerField()
    candidate = serializers.IntegerField()
    search = serializers.IntegerField()
    similarity = serializers.FloatField(allow_null=True)
    is_added = serializers.BooleanField()
    score = serializers.FloatField()
    evidence = serializers.FloatField()
    haste_cost = serializers.FloatField()
    unseen_cost = serializers.FloatField()
    impossible_cost = serializers.FloatField()
    is_hasty = serializers.BooleanField()
    other_plate = serializers.CharField(
        help_text="The plate read before, where this stop's contradicts it; else empty."
    )
    hop = HopSerializer(allow_null=True)
    sighting = StopSerializer()


class RivalSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """An undecided candidate that cannot be the same target as this path's."""

    candidate = serializers.IntegerField()
    search = serializers.IntegerField()
    similarity = serializers.FloatField(allow_null=True)
    camera_name = serializers.CharField()
    seen_at = serializers.DateTimeField()


class OtherPathSerializer(serializers.Serializer):  # type: ignore[type-arg]
    score = serializers.FloatField()
    gain = serializers.FloatField(help_text="How much more it scores than the path as it is.")
    length_m = serializers.FloatField()
    duration_s = serializers.FloatField()
    stops = OtherStopSerializer(many=True)
    rivals = RivalSerializer(many=True)


class OtherPathsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The best paths that undecided candidates would make, of those that the viewer knows to be undecided."""

    undecided = serializers.IntegerField()
    midpoint = serializers.FloatField(help_text="The similarity from which a candidate speaks for a path.")
    paths = OtherPathSerializer(many=True)


def describe_outlook(outlook: Outlook) -> dict[str, Any]:
    """Put an outlook into the shape of `OtherPathsSerializer`."""
    undecided = [row for row in outlook.candidates.values() if row.decision == row.Decision.PENDING]
    paths = [_describe_path(outlook, at) for at in range(len(outlook.others))]
    return {"undecided": len(undecided), "midpoint": outlook.weights.midpoint, "paths": paths}


def _describe_path(outlook: Outlook, at: int) -> dict[str, Any]:
    path = outlook.others[at]
    stops = [step.lead.stop for step in path.steps]
    plates = plates_before(outlook.candidates[stop.key].sighting for stop in stops)
    steps = zip(path.steps, plates, strict=True)
    return {
        "score": path.score,
        "gain": path.score - outlook.now.score,
        "length_m": sum(step.hop.distance_m for step in path.steps if step.hop),
        "duration_s": (stops[-1].last_seen_at - stops[0].first_seen_at).total_seconds(),
        "stops": [_describe_step(outlook, *step, number) for number, step in enumerate(steps, start=1)],
        "rivals": [_describe_rival(outlook, lead.stop.key) for lead in outlook.rivals[at]],
    }


def _describe_step(outlook: Outlook, step: Any, other_plate: str, number: int) -> dict[str, Any]:
    candidate = outlook.candidates[step.lead.stop.key]
    names = ("score", "evidence", "haste_cost", "unseen_cost", "impossible_cost", "hop")
    return {name: getattr(step, name) for name in names} | {
        "number": number,
        "candidate": candidate.pk,
        "search": candidate.search_id,
        "similarity": candidate.score,
        "is_added": not step.lead.is_confirmed,
        "is_hasty": step.haste_cost > 0,
        "other_plate": other_plate,
        "sighting": candidate.sighting,
    }


def _describe_rival(outlook: Outlook, sighting_id: int) -> dict[str, Any]:
    candidate = outlook.candidates[sighting_id]
    return {
        "candidate": candidate.pk,
        "search": candidate.search_id,
        "similarity": candidate.score,
        "camera_name": candidate.sighting.camera.name,
        "seen_at": candidate.sighting.seen_at,
    }


# ── Where next ──────────────────────────────────────────────────────────────────────────────────────────────────────


class WhereNextQuestionSerializer(serializers.Serializer):  # type: ignore[type-arg]
    minutes = serializers.IntegerField(
        required=False, min_value=1, max_value=int(LONGEST.total_seconds() // 60), help_text="Without it: until now."
    )
    sighting = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Without it: the last stop that is confirmed."
    )

    def to_internal_value(self, data: Any) -> Any:
        # The address says `from`, which is no name in Python.
        return super().to_internal_value({"sighting" if key == "from" else key: data[key] for key in data})


class OriginSerializer(serializers.Serializer):  # type: ignore[type-arg]
    sighting = serializers.IntegerField(source="sighting.pk", allow_null=True, default=None)
    camera_name = serializers.CharField(source="sighting.camera.name", allow_null=True, default=None)
    latitude = serializers.SerializerMethodField()
    longitude = serializers.SerializerMethodField()
    seen_at = serializers.DateTimeField()
    heading_deg = serializers.FloatField(allow_null=True)
    heading_source = serializers.ChoiceField(source="source", choices=["", "track", "hop", "request"])

    def get_latitude(self, origin: Origin) -> float:
        return origin.position[0]

    def get_longitude(self, origin: Origin) -> float:
        return origin.position[1]


class RingsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    likely_m = serializers.FloatField()
    possible_m = serializers.FloatField()


class ReachedCameraSerializer(serializers.Serializer):  # type: ignore[type-arg]
    camera = serializers.IntegerField(source="camera.id")
    code = serializers.CharField(source="camera.code")
    name = serializers.CharField(source="camera.name")
    latitude = serializers.FloatField(source="camera.latitude")
    longitude = serializers.FloatField(source="camera.longitude")
    distance_m = serializers.FloatField(source="reach.distance_m")
    arrives_s = serializers.FloatField(source="reach.arrives_s")
    likelihood = serializers.FloatField(source="reach.likelihood")
    is_likely = serializers.BooleanField(source="reach.is_likely")
    is_ahead = serializers.BooleanField(source="reach.is_ahead", allow_null=True)
    recorded = serializers.FloatField()
    searched = serializers.FloatField()
    is_searched = serializers.BooleanField()
    is_in_scope = serializers.BooleanField()


class WhereNextSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Cameras within reach: those first that can be searched and were not, and of these the likeliest first."""

    origin = OriginSerializer()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    rings = RingsSerializer()
    total = serializers.IntegerField()
    is_within_hours = serializers.BooleanField(source="hours_left")
    cameras_left = serializers.IntegerField(allow_null=True)
    cameras = ReachedCameraSerializer(source="rows", many=True)


# ── Sharing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class SharePathSerializer(serializers.Serializer):  # type: ignore[type-arg]
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=LONGEST_NOTE,
        help_text="A word to the station; it stands before the path, and in the audit trail.",
    )


class SharedPathSerializer(serializers.Serializer):  # type: ignore[type-arg]
    comment = serializers.IntegerField(source="pk")
    text = serializers.CharField()
