"""Pages of the watch list: the wanted plates, one of them, and a new one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from investigations.forms import take_error
from investigations.models import LookBack, SearchRequest, WatchAlert, WatchEntry
from investigations.models.watch import WatchEntryQuerySet
from investigations.plates import has_plate
from investigations.services.looks import view_alerts, view_entries
from investigations.services.watch import WatchTerms, add_entry, end_entry, extend_entry, look_back, may_watch_for
from investigations.views.common import as_validation
from investigations.watch.pages import cards_of
from investigations.watch_forms import EndForm, EntryFilterForm, ExtendForm, LookBackForm, WatchForm, first_values
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

ENTRIES_PER_PAGE, ALERTS_SHOWN, LOOKS_SHOWN = 50, 20, 5
LONGEST_ID = 18


def tabs_of(user: User) -> dict[str, Any]:
    """What stands above each page of the watch list: how many alerts are open, how many plates are watched, and what
    this person can do."""
    return {
        "alert_count": WatchAlert.objects.visible_to(user).open().count(),
        "entry_count": WatchEntry.objects.visible_to(user).active(timezone.now()).count(),
        "can_manage": has_right(user, Right.MANAGE_WATCH),
    }


# ── The list ────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_GET
def watch_list(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    form = EntryFilterForm(request.GET)
    chosen = form.chosen()
    page = Paginator(_filtered(_rows(user), chosen), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    view_entries(page, actor=user)
    context = {"page": page, "form": form, "is_filtered": bool(chosen["q"] or chosen["show"]), **tabs_of(user)}
    return render(request, "investigations/watch_list.html", context)


def _rows(user: User) -> WatchEntryQuerySet:
    rows = WatchEntry.objects.visible_to(user)
    return rows.select_related("basis", "request__case", "case", "added_by", "ended_by", "source")


def _filtered(rows: WatchEntryQuerySet, chosen: dict[str, str]) -> WatchEntryQuerySet:
    now = timezone.now()
    if chosen["show"] == "ended":
        rows = rows.ended(now)
    elif chosen["show"] != "all":
        rows = rows.active(now)
    if text := chosen["q"]:
        said = Q(reason__icontains=text) | Q(document_number__icontains=text)
        rows = rows.filter(said | has_plate(text, "plate"))
    is_open = Q(alerts__status=WatchAlert.Status.OPEN)
    counted = rows.annotate(all_alerts=Count("alerts"), open_alerts=Count("alerts", filter=is_open))
    return counted.order_by("-added_at", "-pk")


# ── One entry ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def watch_new(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    named = _named_request(request, user)
    form = WatchForm(request.POST or None, user=user, initial=first_values(user, named))
    if form.is_valid():
        try:
            entry = _add(form.cleaned_data, user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, _("%(plate)s is watched from now on.") % {"plate": entry.plate})
            return redirect("watch-entry", pk=entry.pk)
    context = {"form": form, "can_add": has_right(user, Right.MANAGE_WATCH) or _has_choice(form), **tabs_of(user)}
    return render(request, "investigations/watch_form.html", context)


@transaction.atomic
def _add(said: dict[str, Any], user: User) -> WatchEntry:
    """Put the plate on the list and, if that was asked for, look back for it: both, or neither."""
    hours = said.pop("hours_back", None)
    entry = add_entry(WatchTerms(**said), actor=user)
    if hours:
        look_back(entry, hours, reason=entry.reason, actor=user)
    return entry


def _has_choice(form: WatchForm) -> bool:
    """An operator needs an approved request."""
    field: Any = form.fields["request"]
    return bool(field.queryset.exists())


def _named_request(request: HttpRequest, user: User) -> SearchRequest | None:
    named = request.GET.get("request", "")
    if not named.isascii() or not named.isdigit() or len(named) > LONGEST_ID:
        return None
    return SearchRequest.objects.visible_to(user).select_related("basis").filter(pk=named).first()


@require_GET
def watch_entry(request: HttpRequest, pk: int) -> HttpResponse:
    return _entry_page(request, _find(request, pk))


@require_POST
def watch_extend(request: HttpRequest, pk: int) -> HttpResponse:
    entry, form = _find(request, pk), ExtendForm(request.POST)
    return _act(
        request,
        entry,
        {"extend_form": form},
        lambda said, user: extend_entry(entry, said["valid_until"], reason=said["reason"], actor=user),
        _("The plate is watched until the new time."),
    )


@require_POST
def watch_end(request: HttpRequest, pk: int) -> HttpResponse:
    entry, form = _find(request, pk), EndForm(request.POST)
    return _act(
        request,
        entry,
        {"end_form": form},
        lambda said, user: end_entry(entry, said["outcome"], reason=said["reason"], actor=user),
        _("The plate is no longer watched."),
    )


@require_POST
def watch_look_back(request: HttpRequest, pk: int) -> HttpResponse:
    entry, form = _find(request, pk), LookBackForm(request.POST)
    return _act(
        request,
        entry,
        {"look_form": form},
        lambda said, user: look_back(entry, said["hours"], reason=said["reason"], actor=user),
        _("What was read before is looked through. What is found comes as alerts."),
    )


def _act(
    request: HttpRequest,
    entry: WatchEntry,
    named_form: dict[str, forms.Form],
    verb: Callable[[dict[str, Any], User], Any],
    success: str,
) -> HttpResponse:
    """Hand what was typed to a verb; a refusal stands at the form, with what was typed kept."""
    (form,) = named_form.values()
    if form.is_valid():
        try:
            verb(form.cleaned_data, acting_user(request))
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, success)
            return redirect("watch-entry", pk=entry.pk)
    return _entry_page(request, entry, **named_form)


def _find(request: HttpRequest, pk: int) -> WatchEntry:
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    return get_object_or_404(_rows(user), pk=pk)


def _entry_page(request: HttpRequest, entry: WatchEntry, **shown_forms: forms.Form) -> HttpResponse:
    user, is_active = acting_user(request), entry.is_active
    # Before the alerts: what a look back has found by its end is then among them, though it may end just now.
    looks = list(LookBack.objects.visible_to(user).filter(entry=entry).select_related("requested_by")[:LOOKS_SHOWN])
    alerts = list(WatchAlert.objects.visible_to(user).filter(entry=entry).for_pages()[:ALERTS_SHOWN])
    view_entries([entry], actor=user)
    view_alerts(alerts, actor=user)
    can_manage = has_right(user, Right.MANAGE_WATCH)
    can_change = is_active and may_watch_for(entry.request, user)
    unbound = {"extend_form": ExtendForm(auto_id="extend-%s"), "end_form": EndForm(auto_id="end-%s")}
    unbound["look_form"] = LookBackForm(auto_id="look-%s")
    context = {
        "entry": entry,
        "cards": cards_of(alerts, user),
        "back": reverse("watch-entry", args=[entry.pk]),
        "alert_total": WatchAlert.objects.visible_to(user).filter(entry=entry).count(),
        "looks": looks,
        "can_change": can_change,
        "can_look_back": is_active and can_manage,
        **unbound,
        **shown_forms,
        **tabs_of(user),
    }
    return render(request, "investigations/watch_entry.html", context, status=400 if shown_forms else 200)
