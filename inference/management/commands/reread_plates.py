from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import engine
from inference.core.detections import Kind
from inference.core.errors import CoreError
from inference.reembed import reread_plates


class Command(BaseCommand):
    help = (
        "Read number plates from the stored pictures of all vehicles at which the reader in use has not looked yet. "
        "May be stopped and started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--finder", help="a model's id instead of PLATE_FINDER_MODEL")
        parser.add_argument("--reader", help="a model's id instead of PLATE_READER_MODEL")

    def handle(self, *args: Any, finder: str | None, reader: str | None, **options: Any) -> None:
        finder_set, reader_set = engine.plate_models()
        finder, reader = finder or finder_set, reader or reader_set
        if not finder or not reader:
            self.stdout.write("No finder and reader of number plates are set, none are read.")
            return
        try:
            engine.require_made_for(Kind.VEHICLE, plate_finder=finder, plate_reader=reader)
            done = reread_plates(engine.get_plate_spotter(finder, reader), self._report)
        except CoreError as error:
            raise CommandError(str(error)) from error
        looked_at = f"{done.looked_at} pictures looked at, {done.read} number plates read"
        self.stdout.write(f"{reader}: {looked_at}, {done.failed} pictures could not be read.")

    def _report(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")
