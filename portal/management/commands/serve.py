from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.stack import Stack, StackError, check_port, interrupted_by_signals, port_number


class Command(BaseCommand):
    help = "Start Redis, the workers and the web server, and stop them all with Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="127.0.0.1", help="of this machine, to listen at; default 127.0.0.1")
        parser.add_argument("--port", type=port_number, default=8000, help="to listen at; default 8000")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with interrupted_by_signals(), Stack(settings.VAR_DIR / "log") as stack:
                check_port(options["address"], options["port"])
                stack.start_redis()
                stack.start_workers()
                stack.start_web(options["address"], options["port"])
                self.stdout.write(f"Dongseon is at http://{options['address']}:{options['port']}/ (Ctrl-C stops it)")
                stack.wait()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        except StackError as error:
            raise CommandError(str(error)) from error
