from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import engine
from inference.core.detections import Kind
from inference.core.errors import CoreError
from inference.core.manifest import base_of
from inference.reembed import redescribe, reembed


class Command(BaseCommand):
    help = (
        "Compute features and descriptions from the stored pictures of all sightings that have none of the models "
        "in use yet. May be stopped and started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--what", choices=["features", "descriptions", "all"], default="all")
        parser.add_argument("--kind", choices=list(Kind), type=Kind, help="only sightings of this kind")
        model = "a model's id instead of the setting's; without --kind, for what it is made for"
        parser.add_argument("--embedder", help=model)
        parser.add_argument("--describer", help=model)

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            if what != "descriptions":
                self._features(options["kind"], options["embedder"])
            if what != "features":
                self._descriptions(options["kind"], options["describer"])
        except CoreError as error:
            raise CommandError(str(error)) from error

    def _features(self, wanted: Kind | None, named: str | None) -> None:
        for kind in _kinds(wanted, named):
            model_id = named or engine.embedder_id(kind)
            engine.require_made_for(kind, embedder=model_id)
            made, failed = reembed(engine.get_embedder(model_id), kind, self._report)
            self.stdout.write(f"{kind}, {model_id}: {made} features made, {failed} pictures could not be read.")

    def _descriptions(self, wanted: Kind | None, named: str | None) -> None:
        for kind in _kinds(wanted, named):
            model_id = named or engine.describer_id(kind)
            if not model_id:
                self.stdout.write(f"{kind}: no describer is set, no descriptions made.")
                continue
            engine.require_made_for(kind, describer=model_id)
            made, failed = redescribe(engine.get_describer(model_id), kind, self._report)
            self.stdout.write(f"{kind}, {model_id}: {made} descriptions made, {failed} pictures could not be read.")

    def _report(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total}", ending="\n" if done == total else "")


def _kinds(wanted: Kind | None, named: str | None) -> Iterator[Kind]:
    """The kind asked for, else all that the named model is made for, else all."""
    made_for = engine.model_store().entry(base_of(named)).kinds if named else tuple(Kind)
    yield from [wanted] if wanted else made_for
