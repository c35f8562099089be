"""The national standard list of cameras (전국CCTV표준데이터): read, compared with what is there, and written.

Knows no database and no Django: bytes and plain values in, plain values out. Sentences are made elsewhere.
"""

from cameras.standard_list.plan import Plan, Planned, Standing, make_plan
from cameras.standard_list.problems import Kind, Level, Problem
from cameras.standard_list.reader import Pole, Reading, read_list
from cameras.standard_list.writer import write_list

__all__ = [
    "Kind",
    "Level",
    "Plan",
    "Planned",
    "Pole",
    "Problem",
    "Reading",
    "Standing",
    "make_plan",
    "read_list",
    "write_list",
]
