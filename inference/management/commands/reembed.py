from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.core.errors import CoreError
from inference.engine import get_embedder
from inference.reembed import reembed


class Command(BaseCommand):
    help = "Compute features of a model from the stored pictures of all sightings that have none of it yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--embedder", default=settings.EMBEDDER_MODEL, help="an id of inference/weights/models.toml"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            embedder = get_embedder(options["embedder"])
        except CoreError as error:
            raise CommandError(str(error)) from error
        made, failed = reembed(embedder, self._report)
        self.stdout.write(f"{embedder.id}: {made} features made, {failed} pictures could not be read.")

    def _report(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")
