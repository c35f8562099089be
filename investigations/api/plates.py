"""The API of number plates: what somebody who types a part of one would look for."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from investigations.plates import LONGEST_TYPED, meaning_of
from investigations.watch.meaning import watched_meaning_of
from portal.accounts.rights import Right, acting_user, has_right

ASKERS = (Right.SUBMIT_REQUEST, Right.SEARCH)


class PlateQuestion(serializers.Serializer):  # type: ignore[type-arg]
    """A number plate, or what is known of one, as it was typed; `is_watched`: for the watch list, not for a search."""

    plate = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=4 * LONGEST_TYPED)
    is_watched = serializers.BooleanField(required=False, default=False)


class PlateMeaningSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The plate's one spelling and what it asks for, part by part; or, in `problem`, why it is no plate."""

    plate = serializers.CharField()
    problem = serializers.CharField()
    parts = serializers.ListField(child=serializers.CharField())
    note = serializers.CharField()
    is_odd = serializers.BooleanField()


class PlateMeanings(APIView):
    """Say what a search, or the watch list, would look for by this plate. By POST, so that no plate stands in an
    address."""

    @extend_schema(request=PlateQuestion, responses=PlateMeaningSerializer)
    def post(self, request: Request) -> Response:
        user = acting_user(request)
        if not any(has_right(user, right) for right in ASKERS):
            raise PermissionDenied(_("Your role (%(role)s) does not allow this.") % {"role": user.get_role_display()})
        question = PlateQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        said = question.validated_data
        mean = watched_meaning_of if said["is_watched"] else meaning_of
        return Response(PlateMeaningSerializer(mean(said["plate"])).data)
