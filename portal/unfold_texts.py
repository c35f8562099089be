"""Texts of django-unfold, which has no Korean: listed here so that our catalogue carries them."""

from django.utils.translation import gettext_noop

TEXTS = [
    gettext_noop("Search apps and models..."),
    gettext_noop("Type to search"),
    gettext_noop("Select action"),
    gettext_noop("Run"),
    gettext_noop("No results found"),
    gettext_noop("This page yielded into no results. Create a new item or reset your filters."),
    gettext_noop("Reset filters"),
    gettext_noop("Apply Filters"),
    gettext_noop("Date from"),
    gettext_noop("Date to"),
    gettext_noop("Return to site"),
    gettext_noop("Welcome back to"),
    gettext_noop("Select value"),
    gettext_noop("Choose file to upload"),
    gettext_noop("General"),
]
