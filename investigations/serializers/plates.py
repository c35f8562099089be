"""The shapes of number plates: what was read, and how that differs from what was asked for."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inference.core.plates.marks import State
from inference.models import Plate
from investigations.pictures import plate_url


class ChoiceSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What the reader takes a character for."""

    character = serializers.CharField()
    chance = serializers.FloatField()


class PlateReadSerializer(serializers.ModelSerializer[Plate]):
    """A number plate as it was read: of each character what it may be, the likeliest first. `confidence` is that of the
    least certain one, `reads` how many pictures of the track were read."""

    characters = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Plate
        fields = ["text", "confidence", "reads", "characters", "picture"]

    @extend_schema_field(serializers.ListField(child=ChoiceSerializer(many=True)))
    def get_characters(self, plate: Plate) -> list[list[dict[str, Any]]]:
        return [[{"character": one, "chance": round(chance, 4)} for one, chance in place] for place in plate.characters]

    def get_picture(self, plate: Plate) -> str | None:
        return plate_url(plate.pk, self.context["viewer"]) if plate.image else None


class MarkSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One character of the read or, if it is missing there, of what was asked for; `asked` is what was asked for at its
    place (?: not one character, empty: nothing)."""

    character = serializers.CharField()
    state = serializers.ChoiceField(choices=list(State))
    asked = serializers.CharField(allow_blank=True)


class PlateMatchSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How unlike what was asked for the search found the read: 0 matches, 1 is about one unrelated character."""

    text = serializers.CharField()
    distance = serializers.FloatField()
    marks = MarkSerializer(many=True)
