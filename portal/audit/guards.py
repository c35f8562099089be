"""The triggers by which the database refuses to change the trail: are they still there, and switched on?"""

from django.db import connection

GUARDS = {
    "sqlite": {"audit_no_update", "audit_no_delete", "audit_no_replace", "audit_keep_head"},
    "postgresql": {"audit_no_change", "audit_no_truncate", "audit_keep_head", "audit_keep_head_whole"},
}
_LISTED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')",
}


def missing_guards() -> set[str]:
    """The names of those that somebody has removed or switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED[connection.vendor])
        return GUARDS[connection.vendor] - {name for (name,) in cursor.fetchall()}
