from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.audit.chain import Walk
from portal.audit.guards import missing_guards
from portal.audit.services import prove, read_root, write_root
from portal.audit.stored import walk_to_head
from portal.audit.texts import describe_break, describe_guards


class Command(BaseCommand):
    help = "Verify the audit trail's hash chain: exit 0 when it holds, 1 with each broken place otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--root", metavar="SEQUENCE:HASH", help="instead: whether the trail still holds this root, noted earlier"
        )

    def handle(self, *args: Any, root: str | None = None, **options: Any) -> None:
        if root is None:
            self._verify()
        else:
            self._prove(root)

    def _verify(self) -> None:
        walk, count = Walk(), 0
        for found in walk_to_head(walk):
            count += len(found)
            for place in found:
                self.stderr.write(describe_break(place))
        if missing := missing_guards():
            self.stderr.write(describe_guards(missing))
        if count:
            raise CommandError(f"The audit trail is broken in {count} place(s).")
        self.stdout.write(f"The audit trail holds: {walk.taken} entries, root {write_root(walk.sequence, walk.hash)}.")

    def _prove(self, text: str) -> None:
        try:
            sequence, hash = read_root(text)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        if not prove(sequence, hash):
            raise CommandError(f"The audit trail does not hold this root: entry {sequence} is missing or was changed.")
        self.stdout.write(f"The audit trail still holds this root: entry {sequence} is as it was.")
