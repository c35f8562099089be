"""The Celery application: workers and beat are started with `celery -A portal`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("dongseon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
