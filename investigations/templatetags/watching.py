"""What pages of requests say about the watch list."""

from typing import Any

from django import template
from django.utils import timezone

from investigations.models import SearchRequest, WatchEntry
from investigations.services.watch import may_watch_for
from portal.accounts.rights import Right, has_right

register = template.Library()


@register.inclusion_tag("investigations/parts/watched.html", takes_context=True)
def watched(context: template.Context, search_request: SearchRequest) -> dict[str, Any]:
    """The plates that are watched for a request, and until when; to the centre, the way to watch its plate."""
    user = context["user"]
    rows = WatchEntry.objects.told_to(user).active(timezone.now()).filter(request=search_request)
    may_watch = may_watch_for(search_request, user)
    return {
        "req": search_request,
        "entries": rows.order_by("valid_until", "pk"),
        "is_centre": user.is_centre_member,
        "can_watch": has_right(user, Right.WATCH_PLATES) and may_watch and bool(search_request.plate),
    }
