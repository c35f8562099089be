"""A JSON column that keeps its text."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from portal.audit.shapes import clean, written_details


class WrittenJSONField(models.JSONField):
    """JSON kept as the one text that is hashed, on every database: PostgreSQL's jsonb would spell it anew."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "text"

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return value if hasattr(value, "as_sql") else clean(written_details(value))

    def get_transform(self, lookup_name: str) -> Any:
        """Lookups of a key, such as `details__username`, read the text as the database's own JSON."""

        def key_of(column: Expression) -> KeyTransform:
            return KeyTransform(lookup_name, Cast(column, models.JSONField()))

        return super(models.JSONField, self).get_transform(lookup_name) or key_of
