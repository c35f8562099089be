"""People and agencies in the admin, and the base of every admin class: rights come from the role, never from
Django's permission table, and rows from `visible_to`."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import BooleanFieldListFilter
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from portal.accounts.admin_actions import ReasonActionForm, apply_to_each
from portal.accounts.admin_filters import titled
from portal.accounts.lockouts import locks_of, shown_time
from portal.accounts.models import Agency, User
from portal.accounts.rights import Right, acting_user, has_right
from portal.accounts.second_factor import authenticator_of, is_required_of, recovery_codes_left
from portal.accounts.services.lockouts import unlock_user
from portal.accounts.services.people import note_password, save_agency, save_user
from portal.accounts.services.second_factors import reset_second_factor
from portal.audit.models import Action
from portal.audit.services import record


class RoleAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """What a person may view and change follows from the role; nothing is deleted here.

    `view_rights` and `change_rights`: holding any of them suffices. Rows are those of `visible_to`.
    `is_view_audited`: opening a row leaves an audit entry.
    """

    is_view_audited = False
    view_rights: frozenset[Right] = frozenset()
    change_rights: frozenset[Right] = frozenset()
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of `visible_to`: a model without one cannot be shown."""
        visible = self.model._default_manager.visible_to(request.user)
        rows: QuerySet[Any] = super().get_queryset(request).filter(pk__in=visible.values("pk"))
        return rows

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if self.is_view_audited and kwargs.get("obj") and request.method == "GET":
            record(Action.RECORD_VIEWED, actor=acting_user(request), target=kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._holds(request, self.view_rights | self.change_rights)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._holds(request, self.change_rights)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._holds(request, self.change_rights)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def _holds(self, request: HttpRequest, rights: frozenset[Right]) -> bool:
        return any(has_right(request.user, right) for right in rights)


class ReadOnlyAdmin(RoleAdmin):
    """For rows that only verbs write: everything can be seen and nothing typed."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# "Active", as Django has it, is said of cameras too, and is another word in Korean then.
MAY_LOG_IN = _("may log in")
ADD_FIELDS = ["username", "last_name", "first_name", "role", "agency", "usable_password", "password1", "password2"]


@admin.register(Agency)
class AgencyAdmin(RoleAdmin):
    change_rights = frozenset({Right.MANAGE_PEOPLE})
    list_display = ["name", "kind"]
    list_filter = ["kind"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: Agency, form: Any, change: bool) -> None:
        save_agency(obj, actor=acting_user(request), changed=form.changed_data)


class PersonForm(UserChangeForm):  # type: ignore[misc]
    class Meta(UserChangeForm.Meta):  # type: ignore[misc]
        labels: ClassVar = {"is_active": capfirst(MAY_LOG_IN)}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RoleAdmin):  # type: ignore[type-arg, misc]
    change_rights = frozenset({Right.MANAGE_PEOPLE})
    form = PersonForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "shown_name", "role", "agency", "may_log_in", "last_login"]
    list_filter = ["role", "agency", ("is_active", titled(BooleanFieldListFilter, MAY_LOG_IN))]
    list_select_related = ["agency"]
    search_fields = ["username", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined", "shown_second_factor", "shown_lock"]
    actions = ["unlock", "reset_second_factor"]
    action_form = ReasonActionForm
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["last_name", "first_name", "email", "language"]}),
        (_("Work"), {"fields": ["role", "agency", "is_active", "is_staff"]}),
        (_("Log-in"), {"fields": ["shown_second_factor", "shown_lock"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {"fields": ADD_FIELDS},
        ),
    ]

    @admin.display(description=MAY_LOG_IN, boolean=True, ordering="is_active")
    def may_log_in(self, user: User) -> bool:
        return user.is_active

    @admin.display(description=_("name"), ordering="last_name")
    def shown_name(self, user: User) -> str:
        return user.display_name

    @admin.display(description=_("second factor"))
    def shown_second_factor(self, user: User) -> str:
        if authenticator_of(user):
            return gettext("set up; %(count)d recovery codes left") % {"count": recovery_codes_left(user)}
        return gettext("not set up; asked for at the next log-in") if is_required_of(user) else gettext("not set up")

    @admin.display(description=_("lock"))
    def shown_lock(self, user: User) -> str:
        locks = [(address, shown_time(end)) for address, end in sorted(locks_of(user).items())]
        texts = [gettext("locked until %(time)s for %(address)s") % {"time": t, "address": a} for a, t in locks]
        return ", ".join(texts) or gettext("not locked")

    @admin.action(description=_("Unlock the log-in of the chosen people"), permissions=["change"])
    def unlock(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        count = apply_to_each(request, rows, lambda row: unlock_user(row, actor=acting_user(request)))
        if count:
            messages.success(request, gettext("Unlocked: %(count)d.") % {"count": count})

    @admin.action(description=_("Reset the second factor of the chosen people"), permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "")
        count = apply_to_each(
            request, rows, lambda row: reset_second_factor(row, reason=reason, actor=acting_user(request))
        )
        if count:
            messages.success(request, gettext("Second factors reset: %(count)d.") % {"count": count})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        save_user(obj, actor=acting_user(request), changed=form.changed_data)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            note_password(User.objects.get(pk=id), actor=acting_user(request))
        return response
