"""Answers that are kept for a while, so that a request sent twice is carried out once."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User

KEEP_FOR = timedelta(hours=24)


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def expired(self) -> Self:
        return self.filter(created_at__lt=timezone.now() - KEEP_FOR)


class KeptAnswer(models.Model):
    """What a person's request with this key was answered. The row commits together with what the request did."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("person"))
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="answer_once_per_person_and_key")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.key}"
