from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.core.errors import CoreError
from inference.engine import model_store


class Command(BaseCommand):
    help = "List, fetch or verify the models of inference/weights/models.toml."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["list", "fetch", "verify"], nargs="?", default="list")

    def handle(self, *args: Any, **options: Any) -> None:
        store = model_store()
        try:
            states = {"list": store.list, "fetch": store.fetch_all, "verify": store.verify}[options["what"]]()
        except CoreError as error:
            raise CommandError(str(error)) from error
        for state in states:
            self.stdout.write(f"{state.entry.id:32} {state.entry.task:10} {state.entry.licence:12} {state.state}")
