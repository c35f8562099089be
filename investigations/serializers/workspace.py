"""The shapes of the API's questions and answers."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cameras.models import Camera, Recording
from inference.models import Sighting
from investigations.models import (
    Attachment,
    QueryPicture,
    Search,
)
from investigations.pictures import query_picture_url, sighting_url
from investigations.plates import LONGEST_TYPED, read_plate
from investigations.reads import read_of
from investigations.serializers.plates import PlateReadSerializer
from investigations.services.searches import FootageFrame

LARGEST_ID = 2**63 - 1
LONGEST_EDGE_PX = 100_000
LONGEST_RECORDING_S = 1e7
MOST_WORDS, LONGEST_WORD = 12, 40


@extend_schema_field({"type": "array", "items": {}})
class JsonListField(serializers.Field):  # type: ignore[type-arg]
    """A JSON list, as itself or, in multipart forms, as text."""

    def to_internal_value(self, data: Any) -> list[Any]:
        try:
            value = json.loads(data) if isinstance(data, str) else data
        except ValueError:
            value = None
        if not isinstance(value, list):
            raise serializers.ValidationError("A JSON list is needed here.")
        return value

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "recording": {"type": "integer"},
                "at_s": {"type": "number", "description": "Seconds from the recording's first frame."},
                "box": {
                    "type": "array",
                    "nullable": True,
                    "items": {"type": "number"},
                    "description": "Left, top, right, bottom in pixels of the frame.",
                },
            },
            "required": ["recording", "at_s"],
        },
    }
)
class FramesField(JsonListField):
    """Frames of recordings that a search starts from."""


class SightingSerializer(serializers.ModelSerializer[Sighting]):
    """A sighting; `plate` is what was read of its number plate (null: nothing)."""

    camera_code = serializers.CharField(source="camera.code", read_only=True)
    camera_name = serializers.CharField(source="camera.name", read_only=True)
    latitude = serializers.FloatField(source="camera.latitude", read_only=True)
    longitude = serializers.FloatField(source="camera.longitude", read_only=True)
    picture = serializers.SerializerMethodField()
    plate = serializers.SerializerMethodField()

    class Meta:
        model = Sighting
        fields = [
            "id",
            "camera",
            "camera_code",
            "camera_name",
            "latitude",
            "longitude",
            "kind",
            "is_small",
            "first_seen_at",
            "last_seen_at",
            "seen_at",
            "observations",
            "picture",
            "plate",
        ]

    def get_picture(self, sighting: Sighting) -> str:
        return sighting_url(sighting.pk, self.context["viewer"])

    @extend_schema_field(PlateReadSerializer(allow_null=True))
    def get_plate(self, sighting: Sighting) -> Any:
        plate = read_of(sighting)
        return PlateReadSerializer(plate, context=self.context).data if plate else None


class QueryPictureSerializer(serializers.ModelSerializer[QueryPicture]):
    picture = serializers.SerializerMethodField()
    box = serializers.ListField(child=serializers.FloatField(), read_only=True, allow_null=True)

    class Meta:
        model = QueryPicture
        fields = [
            "id",
            "original_name",
            "sighting",
            "recording",
            "at_s",
            "box",
            "is_against",
            "error",
            "picture",
        ]

    def get_picture(self, picture: QueryPicture) -> str | None:
        return query_picture_url(picture, self.context["viewer"]) if picture.image else None


class WantedSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a word of the description means to the model; `required` leaves out whoever plainly is not so."""

    attribute = serializers.CharField()
    value = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # the name is the API's


class SearchSummarySerializer(serializers.ModelSerializer[Search]):
    """A search; `parent` is the one that it was refined from."""

    wanted = WantedSerializer(many=True, read_only=True)
    compared = serializers.IntegerField(source="sightings_compared", read_only=True)
    requested_by = serializers.StringRelatedField(read_only=True)  # type: ignore[var-annotated]

    class Meta:
        model = Search
        fields = [
            "id",
            "request",
            "kind",
            "status",
            "progress",
            "error",
            "warning",
            "compared",
            "cameras",
            "starts_at",
            "ends_at",
            "includes_small",
            "description",
            "wanted",
            "plate",
            "parent",
            "limit",
            "requested_by",
            "requested_at",
            "ended_at",
        ]


class StartSearchSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What a search starts from. Pictures come as files named `pictures`, boxes in the same order.

    Of `frames` the server cuts the pictures itself; `description` are short words for what the target looks like, of
    which those that stand in `required` too must be so, and `plate` a number plate, with ? for each character that is
    not known and * for several; of vehicles it is compared with what was read. Without any picture the plate and the
    description are searched by, as far as the models know its words.
    """

    cameras = JsonListField()
    sightings = JsonListField(required=False, default=list)
    attachments = JsonListField(required=False, default=list)
    boxes = JsonListField(required=False, default=list)
    frames = FramesField(required=False, default=list)
    description = JsonListField(required=False, default=list)
    required = JsonListField(required=False, default=list)  # type: ignore[assignment]  # the name is the API's
    plate = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_TYPED)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Sighting.Kind.choices, default=Sighting.Kind.PERSON)
    includes_small = serializers.BooleanField(default=True)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=50)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)

    def validate_cameras(self, ids: list[Any]) -> list[Camera]:
        return _rows(Camera.objects.visible_to(self.context["viewer"]), ids, "cameras")

    def validate_sightings(self, ids: list[Any]) -> list[Sighting]:
        return _rows(Sighting.objects.visible_to(self.context["viewer"]), ids, "sightings")

    def validate_attachments(self, ids: list[Any]) -> list[Attachment]:
        attached = Attachment.objects.visible_to(self.context["viewer"]).pictures()
        return _rows(attached.filter(request=self.context["request"]), ids, "attachments")

    def validate_boxes(self, boxes: list[Any]) -> list[tuple[float, ...] | None]:
        return [None if box is None else _box(box) for box in boxes]

    def validate_frames(self, frames: list[Any]) -> list[FootageFrame]:
        wanted = [_frame(frame) for frame in frames]
        recordings = Recording.objects.visible_to(self.context["viewer"]).select_related("camera")
        rows = {row.pk: row for row in _rows(recordings, [pk for pk, _at_s, _box in wanted], "recordings")}
        return [FootageFrame(rows[pk], at_s, box) for pk, at_s, box in wanted]

    def validate_description(self, words: list[Any]) -> list[str]:
        if not all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in words):
            raise serializers.ValidationError(f"A description has words of at most {LONGEST_WORD} characters.")
        chosen = list(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))
        if len(chosen) > MOST_WORDS:
            raise serializers.ValidationError(f"A description has at most {MOST_WORDS} words.")
        return chosen

    def validate_required(self, words: list[Any]) -> list[str]:
        return self.validate_description(words)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not set(attrs["required"]) <= set(attrs["description"]):
            raise serializers.ValidationError({"required": "Only words of the description can be required."})
        return attrs

    def validate_plate(self, plate: str) -> str:
        return read_plate(plate)


def _rows(rows: Any, ids: list[Any], what: str) -> list[Any]:
    """Return the visible rows of `ids`; an id that is no number, or not visible, is refused the same way."""
    if not all(isinstance(pk, int) and not isinstance(pk, bool) and 0 < pk <= LARGEST_ID for pk in ids):
        raise serializers.ValidationError(f"The {what} must be given by their numbers.")
    found = list(rows.filter(pk__in=ids))
    if len(found) != len(set(ids)):
        raise serializers.ValidationError(f"Some of these {what} do not exist.")
    return found


def _frame(frame: Any) -> tuple[int, float, tuple[float, ...] | None]:
    """Read one frame: the number of its recording, its second, and the box in it, if there is one."""
    if not isinstance(frame, dict) or not _is_seconds(frame.get("at_s")):
        raise serializers.ValidationError("A frame has a recording, its second as at_s, and a box or null.")
    box = frame.get("box")
    return frame.get("recording"), float(frame["at_s"]), None if box is None else _box(box)  # type: ignore[return-value]  # _rows refuses what is no number


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_RECORDING_S


def _is_length(edge: Any) -> bool:
    # JSON as Python reads it has Infinity and NaN.
    return isinstance(edge, int | float) and not isinstance(edge, bool) and 0 <= edge <= LONGEST_EDGE_PX


def _box(box: Any) -> tuple[float, ...]:
    if not isinstance(box, list) or len(box) != 4 or not all(_is_length(edge) for edge in box):
        raise serializers.ValidationError("A box has four numbers: left, top, right, bottom.")
    x1, y1, x2, y2 = (float(edge) for edge in box)
    if not (0 <= x1 < x2 and 0 <= y1 < y2):
        raise serializers.ValidationError("A box's right and bottom edges lie beyond its left and top ones.")
    return x1, y1, x2, y2
