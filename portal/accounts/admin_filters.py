"""What the admin's filters share."""

from typing import Any

from django.contrib.admin import FieldListFilter
from django_stubs_ext import StrOrPromise


def titled(base: type[FieldListFilter], title: StrOrPromise) -> type[FieldListFilter]:
    """Make a filter with a title of its own: a field's name may be a word that means something else elsewhere."""

    class Titled(base):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return Titled
