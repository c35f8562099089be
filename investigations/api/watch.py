"""The API of the watch list: what is wanted, the alerts, and what is decided about them."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from investigations.api.cases import VisibleList
from investigations.models import WatchAlert, WatchEntry
from investigations.serializers.watch import (
    AlertDecisionSerializer,
    WatchAlertSerializer,
    WatchEntrySerializer,
    WatchTermsSerializer,
)
from investigations.services.alerts import decide_alert
from investigations.services.looks import view_alerts, view_entries
from investigations.services.watch import add_entry
from portal.accounts.rights import Right, acting_user, require_right
from portal.exchange.idempotency import idempotent


class WatchCollection(VisibleList):
    """The plates that one's control centre watches, and the way to add one."""

    model = WatchEntry
    serializer_class = WatchEntrySerializer
    filterset_fields = {"plate": ["exact"], "request": ["exact"], "ended_at": ["isnull"], "valid_until": ["gte", "lt"]}
    search_fields = ["plate", "reason", "document_number"]
    ordering_fields = ["added_at", "valid_until"]

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("basis", "request", "case", "added_by")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.WATCH_PLATES)
        response = super().list(request, *args, **kwargs)
        view_entries(WatchEntry.objects.filter(pk__in=_ids(response)), actor=actor)
        return response

    @extend_schema(request=WatchTermsSerializer, responses={201: WatchEntrySerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.WATCH_PLATES)
        question = WatchTermsSerializer(data=request.data, context={"viewer": actor})
        question.is_valid(raise_exception=True)
        entry = add_entry(question.terms, actor=actor)
        return Response(WatchEntrySerializer(entry).data, status=status.HTTP_201_CREATED)


class AlertList(VisibleList):
    """Where the wanted plates may have been seen, the latest first."""

    model = WatchAlert
    serializer_class = WatchAlertSerializer
    filterset_fields = {"status": ["exact"], "entry": ["exact"], "camera": ["exact"], "seen_at": ["gte", "lt"]}
    ordering_fields = ["seen_at", "raised_at"]

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("entry", "camera", "decided_by")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.WATCH_PLATES)
        response = super().list(request, *args, **kwargs)
        view_alerts(WatchAlert.objects.filter(pk__in=_ids(response)), actor=actor)
        return response


class AlertDecision(APIView):
    """Confirm an alert, dismiss it, or take that back."""

    @extend_schema(request=AlertDecisionSerializer, responses=WatchAlertSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        require_right(actor, Right.WATCH_PLATES)
        alert = get_object_or_404(WatchAlert.objects.visible_to(actor), pk=pk)
        question = AlertDecisionSerializer(data=request.data)
        question.is_valid(raise_exception=True)
        said = question.validated_data
        alert.status = said["seen"]
        return Response(
            WatchAlertSerializer(decide_alert(alert, said["status"], reason=said["reason"], actor=actor)).data
        )


def _ids(response: Response) -> list[int]:
    return [row["id"] for row in response.data["results"]]
