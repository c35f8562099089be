"""How the API says no: one shape of answer for every refusal."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer Django's own refusals as DRF's, so that services need not know DRF."""
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError({"detail": " ".join(error.messages)})
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(str(error) or None)
    elif isinstance(error, Http404):
        error = exceptions.NotFound(_not_here())
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError(_("The request is too large, or not well formed."))
    elif isinstance(error, DataError | OverflowError):  # a time before our era, a number that no column holds
        error = exceptions.ParseError(_("A value of the request lies outside of what can be kept here."))
    elif isinstance(error, exceptions.ValidationError) and _is_bare_list(error.detail):  # a filter has no field
        error = exceptions.ValidationError({"detail": " ".join(map(str, error.detail))})
    return default_handler(error, context)


def _is_bare_list(detail: Any) -> bool:
    return isinstance(detail, list) and all(isinstance(one, str) for one in detail)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Programs that ask for an address of the API which does not exist get JSON, people a page."""
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": _not_here()}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": _("Something went wrong here. It was written down; try again.")}, status=500)
    return defaults.server_error(request)


def _not_here() -> str:
    return _("There is nothing here, or nothing that you may see.")
