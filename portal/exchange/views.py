"""A person's own API tokens, and the API's documentation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from drf_spectacular.views import SpectacularSwaggerSplitView

from portal.accounts.rights import acting_user
from portal.accounts.second_factor import is_verified
from portal.exchange.forms import TokenForm
from portal.exchange.models import ApiToken
from portal.exchange.services.tokens import create_token, revoke_token

# The variant whose script comes as a file of its own, as the Content-Security-Policy wants it.
api_docs = login_required(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))


@require_http_methods(["GET", "POST"])
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The list, and the form for one more. A new secret stands in this one answer, and nowhere else."""
    form = TokenForm(request.POST or None)
    token, secret = _create(request, form) if form.is_valid() else (None, "")
    rows = ApiToken.objects.filter(user=acting_user(request)).unrevoked()
    shown = TokenForm() if token else form
    return render(request, "exchange/tokens.html", {"form": shown, "tokens": rows, "new": token, "secret": secret})


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    actor = acting_user(request)
    token = get_object_or_404(ApiToken.objects.filter(user=actor), pk=pk)
    try:
        revoke_token(token, actor=actor)
        messages.success(request, _("The token %(name)s no longer works.") % {"name": token.name})
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("own-tokens")


def _create(request: HttpRequest, form: TokenForm) -> tuple[ApiToken | None, str]:
    try:
        return create_token(
            form.cleaned_data["name"],
            days=form.cleaned_data["days"],
            is_verified=is_verified(request),
            actor=acting_user(request),
        )
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)
        return None, ""
