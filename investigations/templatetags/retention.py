"""What pages say about what was destroyed."""

from typing import Any

from django import template

from investigations.models import Destruction, SearchRequest
from portal.jobs import JobStatus

register = template.Library()


@register.inclusion_tag("investigations/parts/destructions.html", takes_context=True)
def destructions(context: template.Context, search_request: SearchRequest) -> dict[str, Any]:
    """Links to the certificates of what a request had gathered; nothing, while nothing of it was destroyed."""
    rows = Destruction.objects.visible_to(context["user"]).filter(request=search_request, status=JobStatus.DONE)
    return {"destructions": rows}
