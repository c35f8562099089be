"""How the OpenAPI document describes what all endpoints share: tokens, refusals, idempotency keys."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter
from rest_framework.fields import ChoiceField
from rest_framework.permissions import SAFE_METHODS

from portal.exchange.idempotency import HEADER, LONGEST_KEY

REFUSAL = {
    "type": "object",
    "description": "What was wrong: a sentence as `detail`, or for each field of the request its sentences.",
    "properties": {"detail": {"type": "string"}},
    "additionalProperties": {},
}
UNSAFE = {
    "409": ("Conflict", "The state does not allow this, or somebody else was quicker."),
    "415": ("UnsupportedMediaType", "The body is of another kind than this endpoint reads."),
    "422": ("Unprocessable", "The idempotency key was used for another request."),
}
REFUSALS = {
    "400": ("BadRequest", "The request is not as it should be; each wrong field is named."),
    "401": ("NotAuthenticated", "No session, or a token that is unknown, expired or revoked."),
    "403": ("Forbidden", "Your role, or the CSRF token, does not allow this."),
    "404": ("NotFound", "There is nothing here, or nothing that you may see."),
    "429": ("TooManyRequests", "Too many requests: wait as `Retry-After` says."),
}


class AutoSchema(SpectacularSchema):
    """Adds to every operation the refusals that it may answer with, and the header of idempotent ones."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation:
            refusals = REFUSALS if self.method in SAFE_METHODS else REFUSALS | UNSAFE
            responses = {code: self._refusal(*words) for code, words in refusals.items()}
            operation["responses"] = dict(sorted((responses | operation["responses"]).items()))
        return operation

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Of a read-only choice DRF forgets that it may be empty."""
        if isinstance(field, ChoiceField) and field.read_only and _may_be_blank(field):
            field.allow_blank = True
        return super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = super().get_override_parameters()
        return [*parameters, IDEMPOTENCY_KEY] if self._is_idempotent() else parameters

    def _is_idempotent(self) -> bool:
        act = getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
        return bool(getattr(act, "is_idempotent", False))

    def _refusal(self, name: str, description: str) -> dict[str, Any]:
        body = self._shared("Refusal", ResolvedComponent.SCHEMA, REFUSAL)
        answer = {"description": description, "content": {"application/json": {"schema": body}}}
        return self._shared(name, ResolvedComponent.RESPONSE, answer)

    def _shared(self, name: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a reference to what many operations have in common."""
        component = ResolvedComponent(name, kind, schema, name)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        reference: dict[str, Any] = component.ref
        return reference


def _may_be_blank(field: ChoiceField) -> bool:
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    try:
        return bool(model and model._meta.get_field(field.source).blank)
    except FieldDoesNotExist:
        return False


IDEMPOTENCY_KEY = OpenApiParameter(
    name=HEADER,
    location=OpenApiParameter.HEADER,
    type={"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
    description=(
        "Any text of your choice. The same request with the same key within 24 hours is carried out once: the answer "
        "is given again, with `Idempotency-Replayed: true`. Another request with that key is refused (422)."
    ),
)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.exchange.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of your own, made on the page /tokens/. It acts with your rights.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        from django.conf import settings

        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The portal's pages. Whatever changes something needs the header X-CSRFToken, too.",
        }
