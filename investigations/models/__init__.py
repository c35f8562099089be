from investigations.models.answer import Answer, AnswerItem, EvidencePackage, Unmasking
from investigations.models.basis import LegalBasis
from investigations.models.case import Case, CaseShare, Tip
from investigations.models.path import Path, PathPoint
from investigations.models.request import RequestStatusChange, ScopeChange, SearchRequest
from investigations.models.retention import Destruction, Hold
from investigations.models.search import (
    Candidate,
    CandidateDecision,
    Participant,
    QueryPicture,
    Search,
    SecondReview,
)
from investigations.models.talk import Attachment, Comment, Notification
from investigations.models.watch import LookBack, PlateCheck, WatchAlert, WatchEntry, WatchImport

__all__ = [
    "Answer",
    "AnswerItem",
    "Attachment",
    "Candidate",
    "CandidateDecision",
    "Case",
    "CaseShare",
    "Comment",
    "Destruction",
    "EvidencePackage",
    "Hold",
    "LegalBasis",
    "LookBack",
    "Notification",
    "Participant",
    "Path",
    "PathPoint",
    "PlateCheck",
    "QueryPicture",
    "RequestStatusChange",
    "ScopeChange",
    "Search",
    "SearchRequest",
    "SecondReview",
    "Tip",
    "Unmasking",
    "WatchAlert",
    "WatchEntry",
    "WatchImport",
]
