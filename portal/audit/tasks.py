"""What workers do about the trail itself."""

from celery import shared_task

from portal.audit import checks


@shared_task
def verify_audit_trail() -> None:
    """The daily check of the whole trail."""
    checks.open_check()
    checks.continue_check()


@shared_task
def continue_audit_check() -> None:
    """Take up a check that was asked for, or that a killed worker left behind. Does nothing twice."""
    checks.continue_check()
