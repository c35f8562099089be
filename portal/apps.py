from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal import admin, checks, signins  # noqa: F401 -- registers the admin, system checks, log-in entries
