"""The wiring of the admin site: which apps' admin classes stand in it."""

from django.contrib import admin
from django.contrib.auth.models import Group

import cameras.admin
import inference.admin
import investigations.admin
from portal.exchange import admin as exchange
from portal.trail import admin as trail

__all__ = ["cameras", "exchange", "inference", "investigations", "trail"]

# Rights follow from the role; Django's groups would be a second, silent source of them.
admin.site.unregister(Group)
