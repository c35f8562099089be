"""Verbs on analyses."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cameras.models import Recording
from inference.engine import models_of_settings
from inference.models import Analysis
from inference.tasks import run_analysis
from portal.accounts.models import User
from portal.accounts.rights import Right, require_right, require_visible
from portal.audit.models import Action
from portal.audit.services import record
from portal.jobs import OPEN_JOB_STATUSES, cancel_job


@transaction.atomic
def request_analysis(recording: Recording, *, actor: User, fps: float | None = None) -> Analysis:
    """Queue an analysis of `recording` with the models of the settings."""
    require_right(actor, Right.REQUEST_ANALYSIS)
    require_visible(recording, actor, _("This recording belongs to another control centre."))
    if recording.analyses.filter(status__in=OPEN_JOB_STATUSES).exists():
        raise ValidationError(_("This recording is already being analysed."))
    analysis = Analysis(
        recording=recording,
        **models_of_settings(),
        fps=settings.ANALYSIS_FPS if fps is None else fps,
        requested_by=actor,
    )
    analysis.full_clean()
    analysis.save()
    record(Action.ANALYSIS_REQUESTED, actor=actor, target=analysis, details={**analysis.models, "fps": analysis.fps})
    run_analysis.delay_on_commit(analysis.pk)  # type: ignore[attr-defined]  # Celery's task for Django
    return analysis


@transaction.atomic
def cancel_analysis(analysis: Analysis, *, actor: User) -> Analysis:
    """Cancel a queued or running analysis; nothing of it is kept."""
    require_right(actor, Right.REQUEST_ANALYSIS)
    require_visible(analysis, actor, _("This analysis belongs to another control centre."))
    if not cancel_job(analysis):
        raise ValidationError(_("This analysis has already ended."))
    record(Action.ANALYSIS_CANCELLED, actor=actor, target=analysis)
    return analysis
