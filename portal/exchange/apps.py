from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "portal.exchange"
    label = "exchange"
    verbose_name = _("Exchange with other systems")

    def ready(self) -> None:
        from portal.exchange import schema  # noqa: F401 -- tells drf-spectacular how a token is handed over
