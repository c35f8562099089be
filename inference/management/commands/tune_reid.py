from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import engine
from inference.core.detections import Kind
from inference.core.errors import CoreError
from inference.core.manifest import base_of
from inference.tuning import DAYS, MARGIN, VIEWS, describe, tune


class Command(BaseCommand):
    help = (
        "Tune the ReID model to this site: learn a linear map from its own tracks, judge it on a third of them held "
        "back, and keep it if it helps. Exits with 1 and changes nothing if it does not, or if too little was seen."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", choices=list(Kind), type=Kind, default=Kind.PERSON)
        parser.add_argument("--embedder", help="a model's id instead of the setting's")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how far to look back; {DAYS} without")
        parser.add_argument(
            "--views", type=int, default=VIEWS, help=f"pictures of which other views are made; {VIEWS} without"
        )
        parser.add_argument(
            "--margin", type=float, default=MARGIN, help=f"least gain, as a share of before; {MARGIN} without"
        )

    def handle(self, *args: Any, kind: Kind, **options: Any) -> None:
        if options["days"] < 1 or options["views"] < 0 or options["margin"] < 0:
            raise CommandError("--days must be 1 or more, --views and --margin 0 or more.")
        base_id = base_of(options["embedder"] or engine.embedder_id(kind))
        limits = {name: options[name] for name in ("days", "views", "margin")}
        try:
            engine.require_made_for(kind, embedder=base_id)
            tuning = tune(engine.get_embedder(base_id), kind, **limits, on_step=self.stderr.write)
        except CoreError as error:
            raise CommandError(str(error)) from error
        setting = "EMBEDDER_MODEL" if kind == Kind.PERSON else "VEHICLE_EMBEDDER_MODEL"
        self.stdout.write(f"{tuning.row.name}: {describe(tuning.verdict)}")
        self.stdout.write(
            f"To use it: manage.py reembed --what features --kind {kind} --embedder {tuning.row.name}, then set "
            f"{setting}={tuning.row.name} and start the portal and its workers anew."
        )
