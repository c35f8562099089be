"""From cameras back to a list in the standard's columns: poles gathered into one row each."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from cameras.standard_list.cells import write_pixels
from cameras.standard_list.columns import Column
from cameras.standard_list.plan import Standing, direction_of, natural

# With these a cell is a formula, also in their full-width form.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ROAD = re.compile(r"[로길]\s?(지하\s?)?\d")


def write_list(
    cameras: Iterable[Standing],
    *,
    agency: str,
    as_of: date,
    is_wanted: Callable[[Standing], bool] = lambda camera: True,
) -> str:
    """Return the list as CSV text. Read again, it changes nothing.

    Args:
        cameras: All cameras of one centre: which of them share a row does not depend on which are wanted.
        agency: The centre's name.
        as_of: The date that the list gives for itself.
        is_wanted: Whether a camera is counted.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.value for column in Column])
    for number, group in gather(cameras):
        wanted = [camera for camera in group if is_wanted(camera)]
        if wanted:
            writer.writerow(_row(number, wanted, agency, as_of))
    return text.getvalue()


def gather(cameras: Iterable[Standing]) -> list[tuple[str, list[Standing]]]:
    """The rows: number and cameras. Of a pole whose cameras differ in what a row says, the most alike share the row of
    the pole, and each other one has a row of its own under its own code."""
    poles: dict[str, list[Standing]] = defaultdict(list)
    for camera in sorted(cameras, key=lambda camera: natural(camera.code)):
        poles[camera.pole or f"\0{camera.code}"].append(camera)
    rows = []
    for pole, members in poles.items():
        alike: dict[object, list[Standing]] = defaultdict(list)
        for camera in members:
            alike[_said(camera)].append(camera)
        most = max(alike.values(), key=len)
        rows.append((most[0].code if pole.startswith("\0") else pole, most))
        rows += [(camera.code, [camera]) for camera in members if camera not in most]
    return sorted(rows, key=lambda row: natural(row[0]))


def _said(camera: Standing) -> tuple[object, ...]:
    """All that a row says of each of its cameras."""
    return (
        *(camera.address, camera.purpose, camera.latitude, camera.longitude, camera.megapixels),
        *(camera.direction, camera.retention_days, camera.installed_on, camera.phone),
    )


def _row(number: str, cameras: list[Standing], agency: str, as_of: date) -> list[str | int | float]:
    camera = cameras[0]
    is_road = bool(_ROAD.search(camera.address))
    cells: dict[Column, str | int | float] = {
        Column.NUMBER: defuse(number),
        Column.AGENCY: defuse(agency),
        Column.ROAD_ADDRESS: defuse(camera.address) if is_road else "",
        Column.LOT_ADDRESS: "" if is_road else defuse(camera.address),
        Column.PURPOSE: defuse(camera.purpose),
        Column.COUNT: len(cameras),
        Column.PIXELS: write_pixels(camera.megapixels) if camera.megapixels else "",
        Column.DIRECTION: defuse(direction_of(cameras)),
        Column.RETENTION: camera.retention_days,
        Column.INSTALLED: defuse(camera.installed_on),
        Column.PHONE: defuse(camera.phone),
        Column.LATITUDE: camera.latitude,
        Column.LONGITUDE: camera.longitude,
        Column.AS_OF: as_of.isoformat(),
    }
    return [cells.get(column, "") for column in Column]


def defuse(text: str) -> str:
    """The text as a spreadsheet may have it: never run as a formula. Reading takes the apostrophe away again."""
    return f"'{text}" if text.startswith((*FORMULA_SIGNS, "'")) else text
