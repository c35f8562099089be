"""How lists are cut into pages."""

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """`?limit=…&offset=…`: 200 rows unless asked otherwise, at most 1,000."""

    max_limit = 1000
