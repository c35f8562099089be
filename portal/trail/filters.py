"""Filters and pages of the audit trail's list. Each reads an index, so that millions of entries stay quick."""

from collections.abc import Iterator
from datetime import datetime, time
from functools import cached_property
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter

from portal.accounts.models import Agency, User
from portal.accounts.rights import acting_user
from portal.audit.models import WITHOUT_CASES, Action, AuditEntry

MOST_LISTED = 2000
MOST_PEOPLE = 200
NOUNS: dict[str, StrOrPromise] = {
    "user": _("people and log-ins"),
    "agency": _("agencies"),
    "token": _("access tokens"),
    "webhook": _("webhooks"),
    "delivery": _("deliveries"),
    "camera": _("cameras"),
    "cameras": _("camera lists"),
    "group": _("camera groups"),
    "recording": _("recordings"),
    "footage": _("footage"),
    "snapshot": _("pictures taken from footage"),
    "clip": _("clips"),
    "analysis": _("analyses"),
    "model": _("models"),
    "case": _("cases"),
    "tip": _("reported sightings"),
    "basis": _("legal bases"),
    "record": _("records in the admin"),
    "request": _("requests"),
    "scope": _("scopes"),
    "search": _("searches"),
    "comment": _("comments"),
    "attachment": _("attachments"),
    "answer": _("answers"),
    "package": _("evidence packages"),
    "track": _("masking"),
    "hold": _("held footage"),
    "data": _("destroyed data"),
    "destruction": _("destructions"),
    "sightings": _("sightings"),
    "picture": _("pictures"),
    "candidate": _("candidates"),
    "decisions": _("second opinions"),
    "path": _("paths"),
    "watch": _("watch list"),
    "alert": _("alerts of the watch list"),
    "audit": _("audit trail"),
}


class NewestPaginator(Paginator[Any]):
    """Lists the first so many rows, and looks for them once: counting all would read the whole table."""

    @cached_property
    def _keys(self) -> list[Any]:
        rows: Any = self.object_list
        return list(rows.values_list("pk", flat=True)[: MOST_LISTED + 1])

    @property
    def is_cut(self) -> bool:
        return len(self._keys) > MOST_LISTED

    @cached_property
    def count(self) -> int:
        return min(len(self._keys), MOST_LISTED)

    def page(self, number: int | str) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self._keys[:MOST_LISTED][first : first + self.per_page]
        rows: Any = self.object_list
        listed = rows.model._default_manager.filter(pk__in=keys).order_by(*rows.query.order_by)
        return Page(listed, number, self)


class TimeFilter(RangeDateTimeFilter):  # type: ignore[misc]  # unfold ships no types
    """From a day or time to another; a day alone is meant from its start, or to its end."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if start := self._read("from", time.min):
            queryset = queryset.filter(at__gte=start)
        if end := self._read("to", time.max):
            queryset = queryset.filter(at__lte=end)
        return queryset

    def _read(self, side: str, otherwise: time) -> datetime | None:
        day = self.used_parameters.get(f"at_{side}_0")
        hour = self.used_parameters.get(f"at_{side}_1")
        if not day:
            return None
        try:
            date = forms.DateField().clean(day)
            moment = datetime.combine(date, forms.TimeField().clean(hour) if hour else otherwise)
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error
        return timezone.make_aware(moment)


class ActionFilter(DropdownFilter):  # type: ignore[misc]  # unfold ships no types
    title = _("what")
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, list[tuple[str, StrOrPromise]]]]:
        groups: dict[str, list[tuple[str, StrOrPromise]]] = {}
        for action in visible_actions(acting_user(request)):
            noun = _noun(action)
            name = str(NOUNS.get(noun, noun))
            whole = (f"{noun}.", _now("all: %(noun)s") % {"noun": name})
            groups.setdefault(name, [whole]).append((action.value, action.label))
        return list(groups.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = self.value()
        if not value:
            return queryset
        chosen = [action for action in visible_actions(acting_user(request)) if value in (action, f"{_noun(action)}.")]
        # Of what never happened nothing need be looked for; one action alone is read in the order of its index.
        happened = [action for action in chosen if AuditEntry.objects.filter(action=action).exists()]
        if len(happened) == 1:
            return queryset.filter(action=happened[0])
        return queryset.filter(action__in=happened)


class AgencyFilter(DropdownFilter):  # type: ignore[misc]  # unfold ships no types
    """For who answers for several agencies."""

    title = _("agency")
    parameter_name = "agency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = Agency.objects.visible_to(acting_user(request)).order_by("name")
        return [(str(agency.pk), agency.name) for agency in seen]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(agency_id=_number(self.value())) if self.value() else queryset


class PersonFilter(TextFilter):  # type: ignore[misc]  # unfold ships no types
    """By number, or by a name that an account has today: entries keep the number of who did it."""

    title = _("person (number or name)")
    parameter_name = "person"

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        words = (self.value() or "").split()
        if not words:
            return queryset
        if len(words) == 1 and words[0].isdecimal():
            return queryset.filter(actor_id=_number(words[0]))
        people = User.objects.all()
        for word in words:
            people = people.filter(
                Q(username__icontains=word) | Q(last_name__icontains=word) | Q(first_name__icontains=word)
            )
        return queryset.filter(actor_id__in=list(people.values_list("pk", flat=True)[:MOST_PEOPLE]))


class KindFilter(DropdownFilter):  # type: ignore[misc]  # unfold ships no types
    title = _("kind of object")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((kind, kind_name(kind)) for kind in recorded_kinds()), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(target_type=self.value()) if self.value() else queryset


class ObjectFilter(TextFilter):  # type: ignore[misc]  # unfold ships no types
    title = _("object id")
    parameter_name = "object"

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = (self.value() or "").strip()
        if not value:
            return queryset
        # The index begins with the kind: naming all of them lets the database use it.
        return queryset.filter(target_id=value, target_type__in=list(recorded_kinds()))


def visible_actions(user: User) -> list[Action]:
    """As `visible_to` of the entries: administrators see nothing about cases."""
    return [action for action in Action if not user.is_administrator or _noun(action) in WITHOUT_CASES]


def recorded_kinds() -> Iterator[str]:
    """The kinds of objects in the trail, jumping from one to the next in the index instead of reading all entries."""
    kinds = AuditEntry.objects.order_by("target_type").values_list("target_type", flat=True)
    kind = ""
    while kind := kinds.filter(target_type__gt=kind).first() or "":
        yield kind


def kind_name(kind: str) -> str:
    try:
        return str(apps.get_model(kind)._meta.verbose_name)
    except (LookupError, ValueError):
        return kind  # of a model that is no more


def _noun(action: Action) -> str:
    return action.value.partition(".")[0]


def _number(text: str) -> int:
    """A number that every database takes; -1, which nothing has, for others."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
