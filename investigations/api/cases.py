"""The API of cases and requests, for a police station's own system: each endpoint one shape in, one out, one verb."""

from collections.abc import Callable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from investigations.certificate import build_certificate
from investigations.models import Answer, Attachment, Case, Comment, LegalBasis, Notification, SearchRequest
from investigations.plates import LONGEST_TYPED
from investigations.serializers.cases import (
    AnswerSerializer,
    AnswerSummarySerializer,
    AttachmentSerializer,
    CaseSerializer,
    ClosingSerializer,
    CommentSerializer,
    LegalBasisSerializer,
    NotificationSerializer,
    ReadCountSerializer,
    RequestDetailSerializer,
    RequestSerializer,
    ScopeSerializer,
    SendAnswerSerializer,
    StepSerializer,
    TermsSerializer,
    UploadSerializer,
)
from investigations.services.answers import send_answer
from investigations.services.cases import close_case, open_case
from investigations.services.looks import view_answer, view_case
from investigations.services.notices import read_notifications
from investigations.services.requests import (
    approve_request,
    change_scope,
    close_request,
    discard_draft,
    draft_request,
    file_request,
    receive_request,
    reopen_request,
    return_request,
    review_request,
    revise_request,
    submit_request,
)
from investigations.services.talk import LARGEST_BYTES, add_attachment, add_comment
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, require_right
from portal.exchange.idempotency import idempotent

CREATED = status.HTTP_201_CREATED
Step = Callable[[SearchRequest, dict[str, Any], User], Any]
STEPS: dict[str, Step] = {
    "submit": lambda row, said, actor: submit_request(row, actor=actor),
    "discard": lambda row, said, actor: discard_draft(row, actor=actor),
    "receive": lambda row, said, actor: receive_request(row, actor=actor),
    "approve": lambda row, said, actor: approve_request(row, reason=said["reason"], actor=actor),
    "return": lambda row, said, actor: return_request(row, reason=said["reason"], actor=actor),
    "review": lambda row, said, actor: review_request(row, reason=said["reason"], actor=actor),
    "reopen": lambda row, said, actor: reopen_request(row, reason=said["reason"], actor=actor),
    "close": lambda row, said, actor: close_request(row, said["outcome"], reason=said["reason"], actor=actor),
}


class VisibleList(generics.ListAPIView[Any]):
    """Rows of `model` that the person may see; where the address names a request, those of that request."""

    model: Any
    filter_backends: Any = [DjangoFilterBackend, SearchFilter, OrderingFilter]

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without a person
            return self.model.objects.none()  # type: ignore[no-any-return]
        actor = acting_user(self.request)
        rows: QuerySet[Any] = self.model.objects.visible_to(actor)
        return rows.filter(request=_request(self.kwargs["pk"], actor)) if "pk" in self.kwargs else rows


class LegalBasisList(VisibleList):
    """The legal bases in force, with their limits."""

    model = LegalBasis
    serializer_class = LegalBasisSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(is_active=True)


class CaseCollection(VisibleList):
    """The cases that the person may see, and the way to open one."""

    model = Case
    serializer_class = CaseSerializer
    filterset_fields = {"status": ["exact"], "kind": ["exact"], "number": ["exact"], "opened_at": ["gte", "lt"]}
    search_fields = ["number", "title"]
    ordering_fields = ["opened_at", "number"]

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("agency", "opened_by")

    @extend_schema(request=CaseSerializer, responses={201: CaseSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        require_right(acting_user(request), Right.OPEN_CASE)
        asked = _asked(CaseSerializer, request)
        case = open_case(**asked.validated_data, actor=acting_user(request))
        return Response(CaseSerializer(case).data, status=CREATED)


class CaseDetail(APIView):
    @extend_schema(responses=CaseSerializer)
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        case = get_object_or_404(Case.objects.visible_to(actor), pk=pk)
        view_case(case, actor=actor)
        return Response(CaseSerializer(case).data)


class CaseClosing(APIView):
    """Close a case, and with it its requests."""

    @extend_schema(request=ClosingSerializer, responses=CaseSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        case = get_object_or_404(Case.objects.visible_to(actor), pk=pk)
        said = _asked(ClosingSerializer, request).validated_data
        return Response(CaseSerializer(close_case(case, said["outcome"], reason=said["reason"], actor=actor)).data)


class CaseRequests(APIView):
    """Write a request of a case: a draft or, with `submit`, one that is sent at once."""

    @extend_schema(request=TermsSerializer, responses={201: RequestDetailSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        case = get_object_or_404(Case.objects.visible_to(actor), pk=pk)
        require_right(actor, Right.SUBMIT_REQUEST)
        asked = _asked(TermsSerializer, request)
        write = file_request if asked.validated_data["submit"] else draft_request
        row = write(case, asked.terms, actor=actor)
        return Response(RequestDetailSerializer(row).data, status=CREATED)


class RequestFilter(django_filters.FilterSet):  # type: ignore[misc]
    is_overdue = django_filters.BooleanFilter(method="filter_overdue", label="is_overdue")
    waits_for_approval = django_filters.BooleanFilter(method="filter_waiting", label="waits_for_approval")
    plate = django_filters.CharFilter(method="filter_plate", label="plate", max_length=LONGEST_TYPED)

    class Meta:
        model = SearchRequest
        fields = {
            "status": ["exact", "in"],
            "outcome": ["exact"],
            "is_emergency": ["exact"],
            "case": ["exact"],
            "submitted_at": ["gte", "lt"],
        }

    def filter_overdue(self, rows: Any, name: str, value: bool) -> Any:  # noqa: FBT001 -- django-filter's signature
        overdue = SearchRequest.objects.overdue(timezone.now()).values("pk")
        return rows.filter(pk__in=overdue) if value else rows.exclude(pk__in=overdue)

    def filter_waiting(self, rows: Any, name: str, value: bool) -> Any:  # noqa: FBT001 -- django-filter's signature
        waiting = SearchRequest.objects.waiting_for_approval().values("pk")
        return rows.filter(pk__in=waiting) if value else rows.exclude(pk__in=waiting)

    def filter_plate(self, rows: Any, name: str, value: str) -> Any:
        return rows.with_plate(value)


class RequestList(VisibleList):
    """The requests that the person may see."""

    model = SearchRequest
    serializer_class = RequestSerializer
    filterset_class = RequestFilter
    search_fields = ["case__number", "case__title", "wanted", "plate"]
    ordering_fields = ["submitted_at", "answer_due_at"]

    def get_queryset(self) -> QuerySet[Any]:
        people = ("submitted_by", "received_by", "handler", "approved_by")
        return super().get_queryset().select_related("case", "centre", "basis", *people)


class RequestDetail(APIView):
    """One request with its history; a station may change it while it is a draft or was returned."""

    @extend_schema(responses=RequestDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        view_case(row.case, actor=actor)
        return Response(RequestDetailSerializer(row).data)

    @extend_schema(request=TermsSerializer, responses=RequestDetailSerializer)
    def put(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        require_right(actor, Right.SUBMIT_REQUEST)
        asked = _asked(TermsSerializer, request)
        revised = revise_request(row, asked.terms, actor=actor)
        if asked.validated_data["submit"]:
            submit_request(revised, actor=actor)
        return Response(RequestDetailSerializer(revised).data)


class RequestSteps(APIView):
    """Make a step of the workflow: who may, and from which state, the portal decides."""

    @extend_schema(request=StepSerializer, responses={200: RequestDetailSerializer, 204: None})
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        said = _asked(StepSerializer, request).validated_data
        STEPS[said["step"]](row, said, actor)
        if said["step"] == "discard":
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(RequestDetailSerializer(row).data)


class RequestScope(APIView):
    """Widen or narrow what a request may search."""

    @extend_schema(request=ScopeSerializer, responses=RequestDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        asked = _asked(ScopeSerializer, request)
        changed = change_scope(row, asked.limits, reason=asked.validated_data["reason"], actor=actor)
        return Response(RequestDetailSerializer(changed).data)


class CommentCollection(VisibleList):
    model = Comment
    serializer_class = CommentSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("author")

    @extend_schema(request=CommentSerializer, responses={201: CommentSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        said = _asked(CommentSerializer, request).validated_data
        comment = add_comment(row, said["text"], is_internal=said.get("is_internal", False), actor=actor)
        return Response(CommentSerializer(comment).data, status=CREATED)


class AttachmentCollection(VisibleList):
    model = Attachment
    serializer_class = AttachmentSerializer
    parser_classes = [MultiPartParser]

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("added_by")

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: AttachmentSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        file = _asked(UploadSerializer, request).validated_data["file"]
        # One byte more than the most is enough to be told that it is too much.
        attachment = add_attachment(row, file.name, file.read(LARGEST_BYTES + 1), actor=actor)
        return Response(AttachmentSerializer(attachment).data, status=CREATED)


class AnswerCollection(VisibleList):
    """The answers to a request, and the way to send one."""

    model = Answer
    serializer_class = AnswerSummarySerializer

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("sent_by")

    @extend_schema(request=SendAnswerSerializer, responses={201: AnswerSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        require_right(actor, Right.ANSWER_REQUEST)
        said = _asked(SendAnswerSerializer, request, viewer=actor).validated_data
        answer = send_answer(row, said["candidates"], said["text"], is_provisional=said["is_provisional"], actor=actor)
        return Response(AnswerSerializer(answer, context={"viewer": actor}).data, status=CREATED)


class AnswerDetail(APIView):
    @extend_schema(responses=AnswerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        answer = get_object_or_404(Answer.objects.visible_to(actor).prefetch_related("items"), pk=pk)
        view_answer(answer, actor=actor)
        return Response(AnswerSerializer(answer, context={"viewer": actor}).data)


class RequestCertificate(APIView):
    """The search certificate as an answer would carry it now: the centre's own working paper."""

    @extend_schema(responses={200: {"type": "object", "additionalProperties": {}}})
    def get(self, request: Request, pk: int) -> Response:
        actor = acting_user(request)
        row = _request(pk, actor)
        require_right(actor, Right.ANSWER_REQUEST)
        return Response(build_certificate(row))


class NotificationList(VisibleList):
    """One's own notifications, the latest first."""

    model = Notification
    serializer_class = NotificationSerializer
    filterset_fields = {"read_at": ["isnull"], "kind": ["exact"], "request": ["exact"]}

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("cause")


class NotificationReading(APIView):
    """Mark all of one's own notifications as read."""

    @extend_schema(request=None, responses=ReadCountSerializer)
    def post(self, request: Request) -> Response:
        return Response({"read": read_notifications(actor=acting_user(request))})


def _request(pk: int, actor: User) -> SearchRequest:
    return get_object_or_404(SearchRequest.objects.visible_to(actor), pk=pk)


def _asked(shape: Any, request: Request, **context: Any) -> Any:
    """Return the question, checked for its shape; what it may ask for, the verb decides."""
    question = shape(data=request.data, context=context)
    question.is_valid(raise_exception=True)
    return question
