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
from django.views.decorators.http import require_GET, require_http_methods

from investigations.forms import take_error
from investigations.models import LookBack, SearchRequest, WatchAlert, WatchEntry
from investigations.models.watch import WatchEntryQuerySet
from investigations.services.alerts import dismiss_open
from investigations.services.looks import view_alerts, view_entries
from investigations.services.watch import (
    WatchTerms,
    add_entry,
    correct_entry,
    end_entry,
    extend_entry,
    look_back,
    may_watch_for,
    overlapping,
    require_may_watch,
)
from investigations.views.common import as_validation, numbers_in
from investigations.watch.pages import cards_of
from investigations.watch_forms import (
    CorrectForm,
    DismissForm,
    EndForm,
    EntryFilterForm,
    ExtendForm,
    LookBackForm,
    WatchForm,
    first_values,
    values_of,
)
from portal.accounts.models import User
from portal.accounts.rights import Right, acting_user, has_right, require_right

ENTRIES_PER_PAGE, ALERTS_SHOWN, LOOKS_SHOWN, OVERLAPS_SHOWN = 50, 20, 5, 5


def tabs_of(user: User) -> dict[str, Any]:
    """What stands above each page of the watch list: how many alerts are open, how many plates are watched, and what
    this person can do."""
    return {
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
    context = {
        "page": page,
        "form": form,
        "is_filtered": bool(chosen["q"]),
        "is_ended": chosen["show"] == "ended",
        **tabs_of(user),
    }
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
        rows = rows.with_text(text)
    is_open = Q(alerts__status=WatchAlert.Status.OPEN)
    counted = rows.annotate(all_alerts=Count("alerts"), open_alerts=Count("alerts", filter=is_open))
    return counted.order_by("-added_at", "-pk")


# ── One entry ───────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "POST"])
def watch_new(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    form = WatchForm(request.POST or None, user=user, initial=_first_values(request, user))
    if form.is_valid():
        try:
            entry = _add(form.cleaned_data, user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, _("%(plate)s is watched from now on.") % {"plate": entry.plate})
            _say_overlap(request, entry, user)
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


def _first_values(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the address names fills in the form: an entry that is watched again, or a search request."""
    if entry := _rows(user).filter(pk__in=numbers_in([request.GET.get("again", "")])).first():
        view_entries([entry], actor=user)
        return values_of(entry)
    requests = SearchRequest.objects.visible_to(user).select_related("basis")
    return first_values(user, requests.filter(pk__in=numbers_in([request.GET.get("request", "")])).first())


def _say_overlap(request: HttpRequest, entry: WatchEntry, user: User) -> None:
    others = overlapping(entry, user)
    plates = list(dict.fromkeys(other.plate for other in others))[:OVERLAPS_SHOWN]
    if plates:
        view_entries([other for other in others if other.plate in plates], actor=user)
        said = _("Other entries fit the same vehicles: %(plates)s. One sighting is one alert, with all of them.")
        messages.info(request, said % {"plates": ", ".join(plates)})


@require_http_methods(["GET", "POST"])
def watch_correct(request: HttpRequest, pk: int) -> HttpResponse:
    entry, user = _find(request, pk), acting_user(request)
    require_may_watch(entry.request, user)
    if not entry.is_active:
        messages.error(request, _("This plate is no longer watched."))
        return redirect("watch-entry", pk=pk)
    form = CorrectForm(request.POST or None, user=user, initial=values_of(entry))
    if form.is_valid():
        try:
            _correct(entry, form.cleaned_data, user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, _("The entry is corrected."))
            return redirect("watch-entry", pk=pk)
    view_entries([entry], actor=user)
    context = {"form": form, "entry": entry, "can_add": True, **tabs_of(user)}
    return render(request, "investigations/watch_form.html", context)


def _correct(entry: WatchEntry, said: dict[str, Any], user: User) -> None:
    why = said.pop("why")
    correct_entry(entry, WatchTerms(**said, valid_until=entry.valid_until), reason=why, actor=user)


@require_GET
def watch_entry(request: HttpRequest, pk: int) -> HttpResponse:
    return _entry_page(request, _find(request, pk))


@require_http_methods(["GET", "POST"])
def watch_extend(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        {"extend_form": ExtendForm(request.POST)},
        lambda entry, said, user: extend_entry(entry, said["valid_until"], reason=said["reason"], actor=user),
        _("The plate is watched until the new time."),
    )


@require_http_methods(["GET", "POST"])
def watch_end(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        {"end_form": EndForm(request.POST)},
        lambda entry, said, user: end_entry(entry, said["outcome"], reason=said["reason"], actor=user),
        _("The plate is no longer watched."),
    )


@require_http_methods(["GET", "POST"])
def watch_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        {"dismiss_form": DismissForm(request.POST)},
        lambda entry, said, user: dismiss_open(entry, reason=said["reason"], actor=user),
        _("The open alerts of this plate are dismissed."),
    )


@require_http_methods(["GET", "POST"])
def watch_look_back(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request,
        pk,
        {"look_form": LookBackForm(request.POST)},
        lambda entry, said, user: look_back(entry, said["hours"], reason=said["reason"], actor=user),
        _("What was read before is looked through. What is found comes as alerts."),
    )


def _act(
    request: HttpRequest,
    pk: int,
    named_form: dict[str, forms.Form],
    verb: Callable[[WatchEntry, dict[str, Any], User], Any],
    success: str,
) -> HttpResponse:
    """Hand what was typed to a verb; a refusal stands at the form, with what was typed kept, or in a message if the
    form is there no more. Whoever loads the address of a refusal anew is led to the entry."""
    entry, user, (form,) = _find(request, pk), acting_user(request), named_form.values()
    if request.method == "POST" and form.is_valid():
        try:
            verb(entry, form.cleaned_data, user)
        except (PermissionDenied, ValidationError) as error:
            take_error(form, as_validation(error))
        else:
            messages.success(request, success)
    if request.method == "GET" or not form.errors:
        return redirect("watch-entry", pk=pk)
    now = _find(request, pk)
    if named_form.keys() <= _forms_for(now, user).keys():
        return _entry_page(request, now, **named_form)
    messages.error(request, " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences))
    return redirect("watch-entry", pk=pk)


def _forms_for(entry: WatchEntry, user: User) -> dict[str, forms.Form]:
    """The forms by which this person may change the entry now."""
    shown: dict[str, forms.Form] = {}
    if WatchAlert.objects.visible_to(user).open().filter(entry=entry).exists():
        shown["dismiss_form"] = DismissForm(auto_id="dismiss-%s")
    if entry.is_active and has_right(user, Right.MANAGE_WATCH):
        shown["look_form"] = LookBackForm(auto_id="look-%s")
    if entry.is_active and may_watch_for(entry.request, user):
        shown |= {"extend_form": ExtendForm(auto_id="extend-%s"), "end_form": EndForm(auto_id="end-%s")}
    return shown


def _find(request: HttpRequest, pk: int) -> WatchEntry:
    user = acting_user(request)
    require_right(user, Right.WATCH_PLATES)
    return get_object_or_404(_rows(user), pk=pk)


def _entry_page(request: HttpRequest, entry: WatchEntry, **shown_forms: forms.Form) -> HttpResponse:
    user = acting_user(request)
    # Before the alerts: what a look back has found by its end is then among them, though it may end just now.
    looks = list(LookBack.objects.visible_to(user).filter(entry=entry).select_related("requested_by")[:LOOKS_SHOWN])
    visible = WatchAlert.objects.visible_to(user)
    alerts = list(visible.beside(visible.filter(entry=entry)[:ALERTS_SHOWN]).for_pages())
    view_entries([entry], actor=user)
    view_alerts(alerts, actor=user)
    context = {
        "entry": entry,
        "cards": cards_of(alerts, user),
        "back": reverse("watch-entry", args=[entry.pk]),
        "alert_total": visible.filter(entry=entry).count(),
        "looks": looks,
        "can_watch": may_watch_for(entry.request, user),
        **_forms_for(entry, user),
        **shown_forms,
        **tabs_of(user),
    }
    return render(request, "investigations/watch_entry.html", context, status=400 if shown_forms else 200)
