from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from inference.core.errors import CoreError
from inference.engine import model_store
from investigations.evidence.fonts import font_folder
from portal.demo.footage import FootageError, fetch_clip


class Command(BaseCommand):
    help = "Fetch the demo's models and footage into the cache. Says what could not be had, and exits 0 all the same."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            model_store().fetch_all()
            font_folder(settings.MODEL_CACHE_DIR, settings.MODEL_MIRROR_DIR or None)
            fetch_clip(self.stdout.write)
        except (CoreError, FootageError) as error:
            self.stderr.write(f"{error} Tests that need it will be skipped.")
