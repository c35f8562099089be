"""How the API says no: one shape of answer for every refusal."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
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
        error = exceptions.NotFound(_("There is nothing here, or nothing that you may see."))
    return default_handler(error, context)
