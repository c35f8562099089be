"""The API of the workspace. Each endpoint: one shape in, one out, one verb."""

from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inference.models import Sighting, SightingQuerySet
from investigations.models import Search, SearchRequest
from investigations.models.search import SearchQuerySet
from investigations.serializers.workspace import (
    SearchSummarySerializer,
    SightingSerializer,
    StartSearchSerializer,
)
from investigations.services.looks import view_sightings
from investigations.services.scopes import OutOfScope
from investigations.services.searches import (
    LARGEST_BYTES,
    MOST_PICTURES,
    SearchTerms,
    Upload,
    cancel_search,
    start_search,
)
from portal.accounts.rights import Right, acting_user, require_right
from portal.exchange.idempotency import idempotent


class SearchCollection(generics.ListAPIView[Search]):
    """The searches of a request: their list, and the way to start one."""

    parser_classes = [MultiPartParser, FormParser, JSONParser]
    serializer_class = SearchSummarySerializer

    def get_queryset(self) -> SearchQuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return Search.objects.none()
        actor = acting_user(self.request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=self.kwargs["pk"])
        searches = Search.objects.visible_to(actor).filter(request=search_request)
        return searches.select_related("requested_by").prefetch_related("cameras")

    @extend_schema(request=StartSearchSerializer, responses={201: SearchSummarySerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search_request = get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)
        question = StartSearchSerializer(data=request.data, context={"viewer": actor, "request": search_request})
        question.is_valid(raise_exception=True)
        terms = _terms(question.validated_data, request.FILES.getlist("pictures"))
        try:
            search = start_search(search_request, terms, actor=actor)
        except OutOfScope as refusal:
            return Response(refusal.answer, status=status.HTTP_400_BAD_REQUEST)
        return Response(SearchSummarySerializer(search).data, status=status.HTTP_201_CREATED)


class SearchCancel(APIView):
    @extend_schema(request=None, responses=SearchSummarySerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        search = get_object_or_404(Search.objects.visible_to(actor), pk=pk)
        return Response(SearchSummarySerializer(cancel_search(search, actor=actor)).data)


class SightingList(generics.ListAPIView[Sighting]):
    """Stored sightings, to start a search from: by camera, kind and time."""

    serializer_class = SightingSerializer
    filter_backends = [DjangoFilterBackend]
    filterset_fields = {"camera": ["exact", "in"], "kind": ["exact"], "seen_at": ["gte", "lt"]}

    def get_queryset(self) -> SightingQuerySet:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return Sighting.objects.none()
        require_right(acting_user(self.request), Right.VIEW_FOOTAGE)
        return (
            Sighting.objects.visible_to(self.request.user).current().select_related("camera").prefetch_related("plates")
        )

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "viewer": self.request.user}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        view_sightings((row["id"] for row in response.data["results"]), actor=acting_user(request))
        return response


def _terms(data: dict[str, Any], files: list[Any]) -> SearchTerms:
    _check_sizes(files)
    boxes = [*data.pop("boxes"), *[None] * len(files)]
    uploads = [
        Upload(name=file.name or "", content=file.read(), box=box) for file, box in zip(files, boxes, strict=False)
    ]
    return SearchTerms(uploads=uploads, **data)


def _check_sizes(files: list[Any]) -> None:
    """Refuse what is too much before it is read into memory."""
    if len(files) > MOST_PICTURES:
        raise ValidationError(_("At most %(count)d pictures at once.") % {"count": MOST_PICTURES})
    for file in files:
        if file.size > LARGEST_BYTES:
            values = {"name": file.name, "size": LARGEST_BYTES // 1_000_000}
            raise ValidationError(_("%(name)s is larger than %(size)d MB.") % values)
