"""The page of the watch list's alerts: what may have been seen, and what somebody has decided about it."""

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from investigations.models import WatchAlert
from investigations.services.alerts import decide_alerts
from investigations.services.looks import view_alerts
from investigations.services.notices import read_alert_notices
from investigations.views.common import attempt, numbers_in
from investigations.views.watch import tabs_of
from investigations.watch.pages import cards_of
from investigations.watch_forms import AlertFilterForm
from portal.accounts.rights import Right, acting_user, require_right

PER_PAGE = 20


@require_GET
def watch_alerts(request: HttpRequest) -> HttpResponse:
    """The alerts, the latest seen first; whoever looks at a plate's has read that there are some of it."""
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    form = AlertFilterForm(request.GET, user=user)
    chosen = form.chosen()
    visible = WatchAlert.objects.visible_to(user)
    page = Paginator(visible.filter(form.wanted).by_card(), PER_PAGE).get_page(request.GET.get("page"))
    shown = visible.filter(pk__in=[card["last"] for card in page])
    alerts = list(visible.beside(shown).for_pages())
    view_alerts(alerts, actor=user)
    read_alert_notices({alert.entry_id for alert in alerts}, actor=user)
    context = {
        "page": page,
        "cards": cards_of(alerts, user),
        "form": form,
        "entry": chosen["entry"],
        "is_filtered": bool(chosen["entry"] or chosen["hours"] or chosen["status"]),
        "back": request.get_full_path(),
        **tabs_of(user),
    }
    return render(request, "investigations/watch_alerts.html", context)


@require_POST
def watch_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision about an alert and those on its card; `seen` is the status that the page showed."""
    user = acting_user(request)
    alert = get_object_or_404(WatchAlert.objects.visible_to(user), pk=pk)
    alerts = _decided_with(alert, request)
    for one in alerts:
        one.status = request.POST.get("seen", one.status)
    status, reason = request.POST.get("status", ""), request.POST.get("reason", "")[:2000]
    said = {
        WatchAlert.Status.CONFIRMED: _("Confirmed: it is the wanted vehicle."),
        WatchAlert.Status.DISMISSED: _("Dismissed."),
        WatchAlert.Status.OPEN: _("The alert is open again."),
    }.get(status, "")  # type: ignore[call-overload]  # what was sent may be no status
    attempt(request, lambda: decide_alerts(alerts, status, reason=reason, actor=user), said)
    return redirect(_back(request))


def _decided_with(alert: WatchAlert, request: HttpRequest) -> list[WatchAlert]:
    """The alert, and those of the same sighting that the page named: others may have come since."""
    named = numbers_in(request.POST.getlist("alert"))
    rows = WatchAlert.objects.visible_to(acting_user(request)).select_related("entry")
    beside = Q(pk__in=named, sighting__isnull=False, sighting=alert.sighting_id)
    return list(rows.filter(Q(pk=alert.pk) | beside))


def _back(request: HttpRequest) -> str:
    """The page from which it was decided, with its filters."""
    place = request.POST.get("next", "")
    return place if url_has_allowed_host_and_scheme(place, allowed_hosts=None) else reverse("watch-alerts")
