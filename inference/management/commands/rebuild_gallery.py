from typing import Any

from django.core.management.base import BaseCommand

from inference.engine import get_gallery
from inference.models import Feature


class Command(BaseCommand):
    help = "Make the gallery's index files anew from the stored features."

    def handle(self, *args: Any, **options: Any) -> None:
        for embedder in Feature.objects.order_by().values_list("embedder", flat=True).distinct():
            count = get_gallery().rebuild(embedder)
            self.stdout.write(f"{embedder}: {count} features")
