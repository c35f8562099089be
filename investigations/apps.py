from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from investigations.watch.listening import listen


class InvestigationsConfig(AppConfig):
    name = "investigations"
    verbose_name = _("Investigations")

    def ready(self) -> None:
        listen()
