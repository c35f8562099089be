"""A person's notifications: the bell on every page, and the page that lists them."""

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from investigations.models import Notification, SearchRequest
from investigations.models.talk import NotificationQuerySet
from investigations.services.notices import read_notifications
from investigations.views.common import numbers_in, wants_json
from portal.accounts.models import User
from portal.accounts.rights import acting_user

PER_PAGE = 40
IN_BELL = 8
Kind = Notification.Kind
# Where on the request's page the news stands.
ANCHORS = {Kind.COMMENTED: "talk", Kind.ATTACHED: "talk", Kind.ANSWERED: "answers", Kind.PACKAGE: "packages"}


@require_GET
def notification_list(request: HttpRequest) -> HttpResponse:
    rows = _rows(acting_user(request))
    only_unread = request.GET.get("show") == "unread"
    page = Paginator(rows.unread() if only_unread else rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "investigations/notification_list.html", {"page": page, "only_unread": only_unread})


@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """What the bell shows when it is opened, and how many are unread."""
    rows = _rows(acting_user(request))
    return render(request, "investigations/parts/bell_list.html", {"notices": rows[:IN_BELL]})


@require_GET
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to what the notification is about; the page there marks it as read."""
    notice = get_object_or_404(_rows(acting_user(request)), pk=pk)
    if notice.entry_id is not None:
        return redirect(f"{reverse('watch-alerts')}?{urlencode({'entry': notice.entry_id})}")
    anchor = ANCHORS.get(Kind(notice.kind))
    return redirect(reverse("workspace", args=[notice.request_id]) + (f"#{anchor}" if anchor else ""))


@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark all as read, or those about one request."""
    user = acting_user(request)
    read_notifications(actor=user, request=_named_request(request, user))
    if wants_json(request):
        return JsonResponse({"unread": Notification.objects.visible_to(user).unread().count()})
    return redirect("notifications")


def _named_request(request: HttpRequest, user: User) -> SearchRequest | None:
    if not (named := request.POST.get("request", "")):
        return None
    return get_object_or_404(SearchRequest.objects.visible_to(user), pk__in=numbers_in([named]))


def _rows(user: User) -> NotificationQuerySet:
    return Notification.objects.visible_to(user).select_related("request__case", "request__centre", "entry", "cause")
