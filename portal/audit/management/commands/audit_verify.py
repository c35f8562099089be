from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.audit.models import AuditHead
from portal.audit.services import verify_chain


class Command(BaseCommand):
    help = "Verify the audit trail's hash chain: exit 0 when it holds, 1 with each broken place otherwise."

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = verify_chain()
        for found in breaks:
            self.stderr.write(f"Entry {found.sequence} {found.problem}.")
        if breaks:
            raise CommandError(f"The audit trail is broken in {len(breaks)} place(s).")
        head = AuditHead.objects.get(pk=1)
        self.stdout.write(f"The audit trail holds: {head.sequence} entries, head {head.hash}.")
