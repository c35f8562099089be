import sys
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference.core.errors import CoreError
from inference.engine import model_store, models_in_use
from investigations.evidence.fonts import font_folder
from investigations.services.paths import build_path
from portal.demo import walk
from portal.demo.footage import FootageError, cut_halves, fetch_clip
from portal.demo.scene import PEOPLE, Scene, SceneError, set_the_scene
from portal.stack import Stack, StackError, check_port, interrupted_by_signals, port_number

# A demo has no phone: its servers, and no others, take a password alone.
ENVIRONMENT = {"TWO_FACTOR_ROLES": ""}


class Command(BaseCommand):
    help = "Show the whole way from footage to path on a public clip, then serve the portal until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end after the summary, without serving")
        parser.add_argument("--footage", type=Path, help="a video of your own with people walking through it")
        parser.add_argument("--port", type=port_number, default=8000, help="to serve at; default 8000")

    def handle(self, *args: Any, **options: Any) -> None:
        self._started = monotonic()
        try:
            with interrupted_by_signals(), Stack(settings.VAR_DIR / "log", environment=ENVIRONMENT) as stack:
                self._run(stack, **options)
        except KeyboardInterrupt:
            self.stdout.write("\nStopped. Everything that was started has ended; the data stays in var.")
        except (CoreError, FootageError, SceneError, StackError, walk.DemoError) as error:
            raise CommandError(str(error)) from error

    def _run(self, stack: Stack, *, once: bool, footage: Path | None, port: int, **options: Any) -> None:
        if not once:
            check_port("127.0.0.1", port)
        self._step("Fetching models and footage (cached after the first time)")
        for model_id in models_in_use():
            model_store().path(model_id)
        font_folder(settings.MODEL_CACHE_DIR, settings.MODEL_MIRROR_DIR or None)
        clip = self._clip(footage)
        self._step("Cutting the scene in two: its left half is one camera, its right half the neighbouring one")
        halves = cut_halves(clip, settings.VAR_DIR / "demo")
        self._step("Setting up the database, agencies, people and cameras in Sejong")
        call_command("migrate", verbosity=0)
        scene = set_the_scene(halves)
        self._step("Starting Redis and the workers")
        stack.start_redis()
        stack.start_workers()
        self._walk(scene)
        self._log_ins(scene)
        if not once:
            stack.start_web("127.0.0.1", port)
            self.stdout.write(f"\nDongseon is at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
            stack.wait()

    def _walk(self, scene: Scene) -> None:
        self._step("Analysing the recordings")
        analyses = walk.analyse_all(scene, self._bar)
        self._step("Filing a case and a request (officer), approving it (supervisor)")
        request = walk.ask(scene)
        self._step("Searching the cameras around by a picture of the person (operator)")
        search = walk.search_for_person(request, scene)
        self._step("Confirming the leading candidates, drawing the path (operator)")
        walk.confirm_leaders(search, scene)
        path = build_path(request, actor=scene.people["operator"])
        self._step("Giving the second opinion (supervisor), answering the station (operator)")
        walk.second_opinion(search, scene)
        answer = walk.answer_station(request, search, scene)
        self._step("Making the evidence package: clips with bystanders masked, reports, signature")
        package = walk.package_evidence(answer, scene, self._bar)
        self.stdout.write("")
        for line in walk.summary(scene, analyses, search, path, package):
            self.stdout.write(line)
        self.stdout.write(
            "\nOne scene, cut in two: the people are real, the places on the map are not where they walked."
        )

    def _clip(self, footage: Path | None) -> Path:
        if footage is None:
            return fetch_clip(self.stdout.write)
        if not footage.is_file():
            raise CommandError(f"{footage} is not a file. Name a video, as in: make demo FOOTAGE=/path/to/video.mp4")
        return footage

    def _log_ins(self, scene: Scene) -> None:
        self.stdout.write("\nLog-ins (user name, password, role):")
        for username, *_rest in PEOPLE:
            person = scene.people[username]
            password = scene.passwords[username]
            self.stdout.write(f"  {username:11} {password:13} {person.get_role_display()}, {person.agency or '-'}")
        self.stdout.write(
            "A password is enough here: the demo asks nobody for a second factor. Elsewhere (make run) supervisors and "
            "administrators set one up at their first log-in."
        )

    def _step(self, text: str) -> None:
        self.stdout.write(f"[{monotonic() - self._started:5.1f} s] {text}")

    def _bar(self, share: float) -> None:
        if sys.stdout.isatty():
            self.stdout.write(
                f"\r          {'█' * round(40 * share):40} {share:4.0%}", ending="\n" if share >= 1 else ""
            )
            self.stdout.flush()
