"""Investigations in the admin, by noun. Actions call the verbs; no rule lives here."""

from investigations.admin import answers, bases, candidates, cases, requests, retention, searches, watch

__all__ = ["answers", "bases", "candidates", "cases", "requests", "retention", "searches", "watch"]
