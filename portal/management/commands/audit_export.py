from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.trail.services import archive_access_log


class Command(BaseCommand):
    help = "Write one month of the whole access log to a CSV file, for the archive. The export is itself an entry."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("month", help="such as 2026-11")
        parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="where to (default: here)")

    def handle(self, *args: Any, month: str, out: Path, **options: Any) -> None:
        if not out.is_dir():
            raise CommandError(f"{out} is no folder.")
        try:
            log = archive_access_log(month)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from None
        target = out / log.name
        try:
            with target.open("xb") as file:
                file.writelines(log.chunks)
        except FileExistsError:
            raise CommandError(f"{target} is there already. Move it away, or name another folder.") from None
        self.stdout.write(f"Written: {target}. Its last two lines hold its SHA-256 and the root of the trail.")
