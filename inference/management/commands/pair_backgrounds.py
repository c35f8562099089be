from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.background import DAYS, measure_backgrounds
from inference.engine import embedder_id
from inference.models import Sighting


class Command(BaseCommand):
    help = "Measure how alike strangers look in each two cameras, from sightings at the same time in both."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"how far to look back; {DAYS} without")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if days < 1:
            raise CommandError("--days must be 1 or more.")
        for kind in Sighting.Kind.values:
            model = embedder_id(kind)
            made = measure_backgrounds(model, kind, days=days, on_progress=self._report)
            self.stdout.write(f"{kind}, {model}: {made} pairs of cameras have a background of their own.")

    def _report(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total} cameras", ending="\n" if done == total else "")
