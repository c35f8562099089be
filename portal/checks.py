"""System checks: wrong set-up is said at start, with what to do."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def check_models_known(**kwargs: Any) -> list[CheckMessage]:
    """The detector and embedder named in the settings stand in the manifest."""
    from inference.core.manifest import read_manifest

    known = set(read_manifest())
    return [
        Error(
            f"{name}={getattr(settings, name)!r} is not in inference/weights/models.toml.",
            hint=f"Set {name} to one of: {', '.join(sorted(known))}.",
            id=f"dongseon.E00{number}",
        )
        for number, name in enumerate(("DETECTOR_MODEL", "EMBEDDER_MODEL"), start=1)
        if getattr(settings, name) not in known
    ]


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
