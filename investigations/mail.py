"""Notifications by e-mail: that something happened and where to look, in the reader's language. Nothing of the case
itself leaves the portal this way: mail is read on telephones and kept by other people's servers."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from investigations.models import Notification
from portal.accounts.languages import in_language_of

logger = logging.getLogger(__name__)
GRACE, KEEP_TRYING = timedelta(minutes=2), timedelta(days=1)


def unsent() -> list[int]:
    """Return the notifications of the last day that should have been mailed by now."""
    now = timezone.now()
    rows = Notification.objects.filter(mailed_at=None, at__gt=now - KEEP_TRYING, at__lt=now - GRACE)
    return list(rows.exclude(user__email="").values_list("pk", flat=True))


def send(ids: Sequence[int]) -> None:
    """Mail those notifications whose person has an address, each once."""
    rows = Notification.objects.filter(pk__in=ids, mailed_at=None).exclude(user__email="")
    for notice in rows.select_related("user", "request__case"):
        # Marked before it is sent: after a crash one mail is missing, where otherwise one might come twice a minute.
        if Notification.objects.filter(pk=notice.pk, mailed_at=None).update(mailed_at=timezone.now()):
            _send(notice)


def _send(notice: Notification) -> None:
    with in_language_of(notice.user):
        about = f"{notice.request}: " if notice.request else ""
        subject = f"[{_('Dongseon')}] {about}{notice.get_kind_display()}"
        link = settings.PORTAL_URL.rstrip("/") + _place_of(notice)
        text = f"{notice.get_kind_display()}\n\n{link}\n"
        try:
            send_mail(" ".join(subject.split()), text, settings.DEFAULT_FROM_EMAIL, [notice.user.email])
        except (SMTPException, OSError) as error:
            Notification.objects.filter(pk=notice.pk).update(mailed_at=None)
            logger.warning("notification %d could not be mailed: %s", notice.pk, error)


def _place_of(notice: Notification) -> str:
    return reverse("workspace", args=[notice.request_id]) if notice.request else reverse("watch-alerts")
