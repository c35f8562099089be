"""System checks: wrong set-up is said at start, with what to do."""

import os
from typing import Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


class ModelSetting(NamedTuple):
    """What a setting that names a model has to name."""

    name: str
    id: str
    task: str
    kind: str | None = None
    may_be_empty: bool = False


MODEL_SETTINGS = [
    ModelSetting("DETECTOR_MODEL", "dongseon.E001", "detector"),
    ModelSetting("EMBEDDER_MODEL", "dongseon.E002", "reid", "person"),
    ModelSetting("VEHICLE_EMBEDDER_MODEL", "dongseon.E005", "reid", "vehicle"),
    ModelSetting("PERSON_DESCRIBER_MODEL", "dongseon.E006", "describer", "person", may_be_empty=True),
    ModelSetting("VEHICLE_DESCRIBER_MODEL", "dongseon.E007", "describer", "vehicle", may_be_empty=True),
    ModelSetting("PLATE_FINDER_MODEL", "dongseon.E008", "plate-finder", "vehicle", may_be_empty=True),
    ModelSetting("PLATE_READER_MODEL", "dongseon.E009", "plate-reader", "vehicle", may_be_empty=True),
]


@register()
def check_models_known(**kwargs: Any) -> list[CheckMessage]:
    """The models named in the settings stand in the manifest, and were made for what they are named for."""
    return [message for setting in MODEL_SETTINGS for message in _check_model(setting)]


def _check_model(setting: ModelSetting) -> list[CheckMessage]:
    from inference.core.errors import ModelError
    from inference.core.manifest import base_of
    from inference.engine import model_store

    named: str = getattr(settings, setting.name)
    if not named and setting.may_be_empty:
        return []
    try:
        model_store().entry(base_of(named), task=setting.task, kind=setting.kind)
    except ModelError as error:
        entries = [state.entry for state in model_store().list() if state.entry.task == setting.task]
        serving = [entry.id for entry in entries if setting.kind in (None, *entry.kinds)]
        choices = [*serving, *(["nothing at all"] if setting.may_be_empty else [])]
        hint = f"Set {setting.name} to {' or '.join(choices)}."
        return [Error(f"{setting.name}={named!r}: {error}", hint=hint, id=setting.id)]
    return []


@register()
def check_footage_cache(**kwargs: Any) -> list[CheckMessage]:
    """What was played is kept in a folder of its own, which may be emptied at any time."""
    folder, media = settings.FOOTAGE_CACHE_DIR.resolve(), settings.MEDIA_ROOT.resolve()
    if settings.FOOTAGE_CACHE_MB < 0:
        hint = "Set FOOTAGE_CACHE_MB to the megabytes to keep, or to 0 to keep nothing."
        return [Error(f"FOOTAGE_CACHE_MB={settings.FOOTAGE_CACHE_MB} is below 0.", hint=hint, id="dongseon.E003")]
    if folder == media or folder in media.parents or media in folder.parents:
        hint = "Name a folder of its own: it is emptied as it fills, and is no part of a backup."
        return [Error(f"FOOTAGE_CACHE_DIR={folder} lies where recordings are.", hint=hint, id="dongseon.E004")]
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        hint = "Make it a folder that the portal may write to: without it each piece is made anew each time."
        return [Warning(f"FOOTAGE_CACHE_DIR={folder} cannot be written to.", hint=hint, id="dongseon.W003")]
    return []


@register(deploy=True)
def check_database_for_production(**kwargs: Any) -> list[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return [
            Warning(
                "The database is SQLite: one host, one writer at a time.",
                hint="Set DATABASE_URL to a PostgreSQL server to run workers on several hosts.",
                id="dongseon.W001",
            )
        ]
    return []


@register(deploy=True)
def check_mail_for_production(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith(("dummy.EmailBackend", "console.EmailBackend")):
        return [
            Warning(
                "No e-mail is sent: people hear of requests and deadlines in open pages only.",
                hint="Set EMAIL_URL (smtp://user:password@host:25), DEFAULT_FROM_EMAIL and PORTAL_URL.",
                id="dongseon.W002",
            )
        ]
    return []
