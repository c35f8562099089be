from investigations.models.case import Case
from investigations.models.path import Path, PathPoint
from investigations.models.request import RequestStatusChange, SearchRequest
from investigations.models.search import Candidate, CandidateDecision, QueryPicture, Search

__all__ = [
    "Candidate",
    "CandidateDecision",
    "Case",
    "Path",
    "PathPoint",
    "QueryPicture",
    "RequestStatusChange",
    "Search",
    "SearchRequest",
]
