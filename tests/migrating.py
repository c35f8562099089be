"""What the tests of migrations share that change stored rows."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate_again_from(app: str, name: str) -> None:
    """Take back what came after this migration, then apply everything, as `manage.py migrate` does."""
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    for targets in ([(app, name)], newest):
        MigrationExecutor(connection).migrate(targets)
