"""Tokens, webhooks and deliveries in the admin. Actions call the verbs; no rule lives here."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import BooleanFieldListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from portal.accounts.admin import ReadOnlyAdmin, RoleAdmin
from portal.accounts.admin_actions import apply_to_each
from portal.accounts.admin_filters import titled
from portal.accounts.models import Agency
from portal.accounts.rights import Right, acting_user, has_right
from portal.exchange.models import ApiToken, Delivery, Webhook
from portal.exchange.services.deliveries import retry_delivery
from portal.exchange.services.tokens import revoke_token
from portal.exchange.services.webhooks import rotate_secret, save_webhook, send_test_event


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    view_rights = frozenset({Right.MANAGE_PEOPLE})
    list_display = ["name", "user", "hint", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["created_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "hint", "user__username", "user__last_name", "user__first_name"]
    fields = list_display
    actions = ["revoke"]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.MANAGE_PEOPLE)

    @admin.action(description=_("Revoke the chosen tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        count = apply_to_each(request, rows, lambda row: revoke_token(row, actor=acting_user(request)))
        if count:
            messages.success(request, gettext("Revoked: %(count)d.") % {"count": count})


SWITCHED_ON = _("switched on")


class WebhookForm(forms.ModelForm[Webhook]):
    class Meta:
        model = Webhook
        fields = ["agency", "name", "url", "events", "is_active"]
        labels: ClassVar = {"is_active": capfirst(SWITCHED_ON)}

    events = forms.MultipleChoiceField(
        label=_("Events"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["events"].choices = list(settings.WEBHOOK_EVENTS.items())  # type: ignore[attr-defined]


@admin.register(Webhook)
class WebhookAdmin(RoleAdmin):
    change_rights = frozenset({Right.MANAGE_EXCHANGE})
    form = WebhookForm
    list_display = ["name", "agency", "url", "is_on", "waiting", "failed"]
    list_filter = [("is_active", titled(BooleanFieldListFilter, SWITCHED_ON))]
    list_select_related = ["agency"]
    search_fields = ["name", "url", "agency__name"]
    actions = ["test", "rotate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        pending, failed = Q(deliveries__status="pending"), Q(deliveries__status="failed")
        counts = {"waiting_": Count("deliveries", filter=pending), "failed_": Count("deliveries", filter=failed)}
        rows: QuerySet[Any] = super().get_queryset(request).annotate(**counts)
        return rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "agency":
            kwargs["queryset"] = Agency.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=SWITCHED_ON, boolean=True, ordering="is_active")
    def is_on(self, row: Webhook) -> bool:
        return row.is_active

    @admin.display(description=_("waiting"), ordering="waiting_")
    def waiting(self, row: Any) -> int:
        return int(row.waiting_)

    @admin.display(description=_("failed"), ordering="failed_")
    def failed(self, row: Any) -> int:
        return int(row.failed_)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        save_webhook(obj, actor=acting_user(request), changed=form.changed_data)

    def response_add(self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secrets(request, [obj])

    def has_send_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description=_("Send a test event"), permissions=["send"])
    def test(self, request: HttpRequest, rows: QuerySet[Webhook]) -> None:
        if apply_to_each(request, rows, lambda row: send_test_event(row, actor=acting_user(request))):
            messages.success(request, gettext("The test event is on its way: see the deliveries."))

    @admin.action(description=_("Replace the secret"), permissions=["send"])
    def rotate(self, request: HttpRequest, rows: QuerySet[Webhook]) -> HttpResponse:
        rotated: list[Webhook] = []

        def replace(row: Webhook) -> None:
            rotate_secret(row, actor=acting_user(request))
            rotated.append(row)

        apply_to_each(request, rows, replace)
        return self._show_secrets(request, rotated)

    def _show_secrets(self, request: HttpRequest, webhooks: Iterable[Webhook]) -> HttpResponse:
        """The one page that shows them: no redirect, so that no session or cookie has to carry them there."""
        context = {**self.admin_site.each_context(request), "title": gettext("Secrets"), "webhooks": webhooks}
        return TemplateResponse(request, "admin/exchange/secrets.html", context)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent is not shown: it may be about a case, and administrators see none."""

    view_rights = frozenset({Right.MANAGE_EXCHANGE})
    list_display = [
        "created_at",
        "webhook",
        "event_type",
        "shown_status",
        "attempts",
        "last_attempt_at",
        "due",
        "response_code",
        "error",
    ]
    list_filter = ["status", "event_type", "created_at"]
    list_select_related = ["webhook__agency"]
    search_fields = ["webhook__name", "webhook__agency__name", "event", "error"]
    exclude = ["payload"]
    actions = ["retry"]

    @display(  # type: ignore[untyped-decorator]
        description=_("status"),
        ordering="status",
        label={"pending": "warning", "delivered": "success", "failed": "danger"},
    )
    def shown_status(self, row: Delivery) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @admin.display(description=_("next attempt"), ordering="next_attempt_at")
    def due(self, row: Delivery) -> Any:
        return row.next_attempt_at if row.status == Delivery.Status.PENDING else None

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return has_right(request.user, Right.MANAGE_EXCHANGE)

    @admin.action(description=_("Try the chosen deliveries again"), permissions=["retry"])
    def retry(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        count = apply_to_each(request, rows, lambda row: retry_delivery(row, actor=acting_user(request)))
        if count:
            messages.success(request, gettext("Sent again: %(count)d.") % {"count": count})
