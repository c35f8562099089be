"""The API of descriptions: what the models understand of words."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inference.models import Sighting
from investigations.meanings import meanings_of
from investigations.serializers.workspace import LONGEST_WORD, MOST_WORDS, JsonListField
from portal.accounts.rights import Right, acting_user, require_right


class WordsQuestion(serializers.Serializer):  # type: ignore[type-arg]
    """Words as somebody typed or chose them, and what they are about."""

    kind = serializers.ChoiceField(choices=Sighting.Kind.choices, default=Sighting.Kind.PERSON)
    words = JsonListField(required=False, default=list)

    def validate_words(self, words: list[Any]) -> list[str]:
        if len(words) > MOST_WORDS:
            raise serializers.ValidationError(f"At most {MOST_WORDS} words at once.")
        if not all(isinstance(word, str) and len(word) <= LONGEST_WORD for word in words):
            raise serializers.ValidationError(f"Words are texts of at most {LONGEST_WORD} characters.")
        return words


class TermSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One thing to look for: the model's attribute and value, and how they read."""

    attribute = serializers.CharField()
    value = serializers.CharField()
    text = serializers.CharField()


class MeaningSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What the model in use understands of a word; without terms it is a reminder only."""

    word = serializers.CharField()
    terms = TermSerializer(many=True)


class WordMeanings(APIView):
    """Say of each word what a search would look for."""

    @extend_schema(parameters=[WordsQuestion], responses=MeaningSerializer(many=True))
    def get(self, request: Request) -> Response:
        require_right(acting_user(request), Right.SEARCH)
        question = WordsQuestion(data=request.query_params)
        question.is_valid(raise_exception=True)
        found = meanings_of(question.validated_data["words"], question.validated_data["kind"])
        names = TermSerializer().fields
        rows = [
            {"word": row.word, "terms": [dict(zip(names, term, strict=True)) for term in row.terms]} for row in found
        ]
        return Response(MeaningSerializer(rows, many=True).data)
