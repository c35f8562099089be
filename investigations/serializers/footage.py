"""The shapes of footage: what is asked for, and what a player needs."""

from typing import Any

from rest_framework import serializers

from cameras.models import Recording
from inference.models import Sighting
from investigations.footage import addresses_of
from investigations.models import SearchRequest
from investigations.serializers.workspace import LARGEST_ID, LONGEST_RECORDING_S
from investigations.services.footage import Look
from portal.accounts.models import User
from portal.jobs import JobStatus

SEGMENT_S = 4
# Boxes are asked for as playback goes on, not for whole days.
LONGEST_TRACKS_S = 600.0
TRACKS_S = 60.0


class OpenFootageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Footage to look at, for a request: what `camera` saw from `at` on, or `recording` from `at_s` seconds on."""

    request = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    camera = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    at = serializers.DateTimeField(required=False)
    recording = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    at_s = serializers.FloatField(min_value=0, max_value=LONGEST_RECORDING_S, default=0.0)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "recording" not in asked and not {"camera", "at"} <= set(asked):
            raise serializers.ValidationError({"recording": "Name a recording, or a camera and a time as at."})
        return asked


class FootageRecordingSerializer(serializers.ModelSerializer[Recording]):
    camera_code = serializers.CharField(source="camera.code", read_only=True)
    camera_name = serializers.CharField(source="camera.name", read_only=True)
    is_analysed = serializers.SerializerMethodField()

    class Meta:
        model = Recording
        fields = [
            "id",
            "camera",
            "camera_code",
            "camera_name",
            "started_at",
            "ends_at",
            "duration_s",
            "fps",
            "width",
            "height",
            "is_analysed",
        ]

    def get_is_analysed(self, recording: Recording) -> bool:
        return recording.analyses.filter(status=JobStatus.DONE).exists()


class PreviousFootageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    recording = serializers.IntegerField()
    ends_at = serializers.DateTimeField()


class NextFootageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    recording = serializers.IntegerField()
    started_at = serializers.DateTimeField()


class FootageSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Opened footage. The addresses are this person's own and hold for an hour, as long as the right does.

    Where `is_native`, `video` is a file that browsers play by themselves. `segments` is there always: pieces of
    `segment_s` seconds for `MediaSource`, to be appended in mode "segments" with `timestampOffset` 0: their time
    stamps are seconds of the recording (`segment_mode` "absolute").
    """

    recording = FootageRecordingSerializer()
    at_s = serializers.FloatField()
    is_native = serializers.BooleanField()
    mime = serializers.CharField()
    video = serializers.CharField(allow_null=True)
    segment_s = serializers.IntegerField()
    segment_mode = serializers.ChoiceField(choices=["absolute"])
    segments = serializers.CharField(help_text="{n} stands for the number of the piece, from 0.")
    frame = serializers.CharField(help_text="{at_s} stands for seconds of the recording; &save=1 takes it away.")
    tracks = serializers.CharField(help_text="Takes &from_s= and &until_s=.")
    previous = PreviousFootageSerializer(allow_null=True)
    next = NextFootageSerializer(allow_null=True)


class TracksQuerySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """From which second to which; at most ten minutes at once, and one minute unless said otherwise."""

    from_s = serializers.FloatField(min_value=0, max_value=LONGEST_RECORDING_S, default=0.0)
    until_s = serializers.FloatField(min_value=0, max_value=LONGEST_RECORDING_S, required=False)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        asked.setdefault("until_s", asked["from_s"] + TRACKS_S)
        if not 0 <= asked["until_s"] - asked["from_s"] <= LONGEST_TRACKS_S:
            raise serializers.ValidationError({"until_s": "Ask for at most ten minutes, from earlier to later."})
        return asked


class FootageTrackSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Where one target was: seconds of the recording, then left, top, right, bottom in pixels of the frame."""

    sighting = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Sighting.Kind.choices)
    boxes = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


class DetectSerializer(serializers.Serializer):  # type: ignore[type-arg]
    request = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    at_s = serializers.FloatField(min_value=0, max_value=LONGEST_RECORDING_S)


class FoundBoxSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What the detector found: left, top, right, bottom in pixels."""

    kind = serializers.ChoiceField(choices=Sighting.Kind.choices)
    box = serializers.ListField(child=serializers.FloatField())
    score = serializers.FloatField()


class NobodyAnswersSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """No worker was free in time: draw the box oneself, or ask again."""

    detail = serializers.CharField()


class ProposeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    picture = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(choices=Sighting.Kind.choices, default=Sighting.Kind.PERSON)


class ProposalsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Boxes in an uploaded picture, the best first, in pixels of the picture turned upright."""

    width = serializers.IntegerField()
    height = serializers.IntegerField()
    boxes = FoundBoxSerializer(many=True)


def footage_answer(look: Look, request: SearchRequest, viewer: User) -> dict[str, Any]:
    """What a player needs of footage that was just opened."""
    addresses = addresses_of(look.recording, request, viewer)
    is_native = look.playable.is_native and look.is_whole
    before, after = look.previous, look.next
    rows = {
        "recording": look.recording,
        "at_s": look.at_s,
        "is_native": is_native,
        "mime": look.playable.mime,
        "video": addresses.video if is_native else None,
        "segment_s": SEGMENT_S,
        "segment_mode": "absolute",
        "segments": addresses.segments,
        "frame": addresses.frame,
        "tracks": addresses.tracks,
        "previous": {"recording": before.pk, "ends_at": before.ends_at} if before else None,
        "next": {"recording": after.pk, "started_at": after.started_at} if after else None,
    }
    return dict(FootageSerializer(rows).data)
