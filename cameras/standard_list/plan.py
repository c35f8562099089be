"""What an import would do: the poles of a list against the cameras that are there. Nothing is ever deleted."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cameras.standard_list.cells import plain
from cameras.standard_list.columns import Column
from cameras.standard_list.directions import wind_of
from cameras.standard_list.problems import Kind, Level, Problem, shown
from cameras.standard_list.reader import Pole

SAME_DEG = 1e-7  # a centimetre: spreadsheets round
SAME_MEGAPIXELS = 1e-6
LONGEST_NAME, LONGEST_CODE = 100, 40
TELL_EVERY = 500
_DIGITS = re.compile(r"(\d+)")
_DISTRICT = re.compile(r"(시|도|군|구)$")

Values = dict[str, Any]


@dataclass(slots=True)
class Standing:
    """A camera as it is registered. Field names are those of the model."""

    pk: int
    code: str
    name: str
    address: str
    latitude: float
    longitude: float
    bearing_deg: float | None
    field_of_view_deg: float
    pole: str
    purpose: str
    direction: str
    megapixels: float | None
    installed_on: str
    phone: str
    retention_days: int
    status: str

    @property
    def is_retired(self) -> bool:
        return self.status == "retired"


@dataclass(slots=True)
class Planned:
    """One camera to add (`pk` is None, `values` {field: new}) or to change (`values` {field: [old, new]})."""

    row: int
    code: str
    name: str
    values: Values
    pk: int | None = None


@dataclass
class Plan:
    new: list[Planned] = field(default_factory=list)
    changed: list[Planned] = field(default_factory=list)
    unchanged: int = 0
    missing: list[Standing] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def make_plan(
    poles: list[Pole],
    standing: Iterable[Standing],
    *,
    taken_elsewhere: frozenset[str] = frozenset(),
    tell: Callable[[float], None] = lambda share: None,
) -> Plan:
    """Compare.

    Args:
        poles: What the list says, one pole for each number.
        standing: The centre's cameras.
        taken_elsewhere: Codes of other centres' cameras: a code names one camera of the whole portal.
        tell: Called with the share done, from 0 to 1.
    """
    register = _Register(standing, poles, taken_elsewhere)
    plan = Plan()
    for number, pole in enumerate(poles, start=1):
        _plan_pole(pole, register, plan)
        if number % TELL_EVERY == 0:
            tell(number / len(poles))
    plan.missing = [camera for camera in register.cameras if camera.pk not in register.met and not camera.is_retired]
    return plan


def natural(code: str) -> list[tuple[int, int, str]]:
    """For sorting as people count: C2 before C10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(code) if part]


class _Register:
    """The cameras by what a list calls them, and which of them the list has met."""

    def __init__(self, standing: Iterable[Standing], poles: list[Pole], taken_elsewhere: frozenset[str]) -> None:
        self.cameras = list(standing)
        self.taken_elsewhere = taken_elsewhere
        self.taken = {plain(camera.code) for camera in self.cameras}
        self.by_code = {plain(camera.code): camera for camera in self.cameras}
        self.by_pole: dict[str, list[Standing]] = defaultdict(list)
        self.by_place: dict[tuple[float, float, str], Standing] = {}
        for camera in self.cameras:
            if camera.pole:
                self.by_pole[plain(camera.pole)].append(camera)
            self.by_place[_place(camera)] = camera
        self.met: set[int] = set()
        self.single: dict[int, Standing] = self._find_singles(poles)
        self.met.update(camera.pk for camera in self.single.values())

    def _find_singles(self, poles: list[Pole]) -> dict[int, Standing]:
        """Rows that name one camera by its own code: one without a pole, or one that the row of its pole leaves out
        (its cameras differ in something, so that they do not fit one row)."""
        counts = {pole.number: pole.count for pole in poles}
        spare = {name: len(cameras) - counts.get(name, 0) for name, cameras in self.by_pole.items()}
        singles = {}
        for pole in poles:
            camera = self.by_code.get(pole.number)
            if camera is None or pole.count != 1 or pole.number in self.by_pole:
                continue
            parent = plain(camera.pole)
            if parent and spare[parent] < 1:
                continue
            if parent:
                spare[parent] -= 1
            singles[pole.row] = camera
        return singles

    def meet(self, pole: Pole) -> list[Standing]:
        """The cameras of this pole, in the order of their codes, at most as many as the row counts: of more, those that
        the row fits best."""
        if pole.row in self.single:
            return [self.single[pole.row]]
        there = [camera for camera in self.by_pole.get(pole.number, []) if camera.pk not in self.met]
        if len(there) > pole.count:
            there.sort(key=lambda camera: (camera.is_retired, len(_differences(pole, camera)), natural(camera.code)))
        if len(there) < pole.count:
            numbered = (self.by_code.get(f"{pole.number}-{place}") for place in range(1, pole.count + 1))
            there += [camera for camera in numbered if camera and not camera.pole and camera.pk not in self.met]
        there = sorted(there[: pole.count], key=lambda camera: natural(camera.code))
        self.met.update(camera.pk for camera in there)
        return there

    def free_codes(self, pole: Pole, count: int) -> list[str]:
        """`<number>-1…`, without those in use."""
        codes: list[str] = []
        place = 0
        while len(codes) < count:
            place += 1
            code = f"{pole.number}-{place}"
            if code not in self.taken:
                codes.append(code)
        return codes


def _plan_pole(pole: Pole, register: _Register, plan: Plan) -> None:
    there = register.meet(pole)
    codes = register.free_codes(pole, pole.count - len(there))
    others = [code for code in codes if code in register.taken_elsewhere]
    if others or any(len(code) > LONGEST_CODE for code in codes):
        # The whole row: half a pole would be neither refused nor imported.
        register.met.update(camera.pk for camera in there)
        kind = Kind.OTHER_CENTRE if others else Kind.LONG_NUMBER
        details: dict[str, str | int | float] = {"code": others[0]} if others else {"length": 41, "most": LONGEST_CODE}
        plan.problems.append(Problem(Level.REFUSED, kind, pole.row, Column.NUMBER, shown(pole.number), details))
        return
    if codes and not there:
        _note_neighbour(pole, register, plan)
    register.taken.update(codes)
    listed = direction_of(there) if there else ""
    keeps_pole = pole.row in register.single
    for place, camera in enumerate(there):
        _plan_change(pole, camera, place, plan, listed=listed, keeps_pole=keeps_pole)
    _note_shorter_retention(pole, there, plan)
    for place, code in enumerate(codes, start=len(there)):
        plan.new.append(Planned(pole.row, code, name_of(pole, place), _new_values(pole, place)))


def _note_neighbour(pole: Pole, register: _Register, plan: Plan) -> None:
    """A new pole where a camera for the same purpose stands already may be the same one under another number."""
    beside = register.by_place.get((round(pole.latitude, 5), round(pole.longitude, 5), plain(pole.purpose)))
    if beside is not None:
        details = {"code": beside.code}
        plan.problems.append(
            Problem(Level.NOTICE, Kind.BESIDE_CAMERA, pole.row, Column.NUMBER, shown(pole.number), details)
        )


def _note_shorter_retention(pole: Pole, there: list[Standing], plan: Plan) -> None:
    """It destroys what is older: to be seen before it is done."""
    days = pole.retention_days
    shorter = [camera for camera in there if days and days < camera.retention_days]
    if days and shorter:
        details: dict[str, str | int | float] = {"code": shorter[0].code, "old": shorter[0].retention_days, "new": days}
        plan.problems.append(
            Problem(Level.NOTICE, Kind.SHORTER_RETENTION, pole.row, Column.RETENTION, str(days), details)
        )


def _plan_change(pole: Pole, camera: Standing, place: int, plan: Plan, *, listed: str, keeps_pole: bool) -> None:
    values = _differences(pole, camera)
    if not keeps_pole and plain(camera.pole) != pole.number:
        values["pole"] = [camera.pole, pole.number]
    if pole.direction and plain(pole.direction) != plain(listed):
        values |= _turned(pole, camera, place)
    if not values:
        plan.unchanged += 1
        return
    plan.changed.append(Planned(pole.row, camera.code, camera.name, values, camera.pk))


def _differences(pole: Pole, camera: Standing) -> Values:
    """What the row says otherwise. An empty cell says nothing, so that a list with fewer columns erases nothing."""
    values: Values = {}
    if pole.address and plain(camera.address) not in {plain(pole.address), plain(pole.other_address)}:
        values["address"] = [camera.address, pole.address]
    for name in ("purpose", "phone", "installed_on"):
        old, new = getattr(camera, name), getattr(pole, name)
        if new and plain(old) != plain(new):
            values[name] = [old, new]
    for name in ("latitude", "longitude"):
        old, new = getattr(camera, name), getattr(pole, name)
        if abs(old - new) > SAME_DEG:
            values[name] = [old, new]
    if pole.megapixels and abs((camera.megapixels or 0) - pole.megapixels) > SAME_MEGAPIXELS:
        values["megapixels"] = [camera.megapixels, pole.megapixels]
    if pole.retention_days and camera.retention_days != pole.retention_days:
        values["retention_days"] = [camera.retention_days, pole.retention_days]
    return values


def _turned(pole: Pole, camera: Standing, place: int) -> Values:
    """Another direction in the list turns the camera; the same one leaves what somebody has measured."""
    values: Values = {}
    if plain(camera.direction) != plain(pole.direction):
        values["direction"] = [camera.direction, pole.direction]
    view = pole.views[place] if pole.views else None
    if view and view.bearing_deg is not None and view.bearing_deg != camera.bearing_deg:
        values["bearing_deg"] = [camera.bearing_deg, view.bearing_deg]
    if view and view.field_of_view_deg and view.field_of_view_deg != camera.field_of_view_deg:
        values["field_of_view_deg"] = [camera.field_of_view_deg, view.field_of_view_deg]
    return values


def _new_values(pole: Pole, place: int) -> Values:
    view = pole.views[place] if pole.views else None
    values: Values = {
        "pole": pole.number,
        "address": pole.address,
        "latitude": pole.latitude,
        "longitude": pole.longitude,
        "purpose": pole.purpose,
        "direction": pole.direction,
        "bearing_deg": view.bearing_deg if view else None,
        "field_of_view_deg": view.field_of_view_deg if view else None,
        "megapixels": pole.megapixels,
        "installed_on": pole.installed_on,
        "phone": pole.phone,
        "retention_days": pole.retention_days,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def direction_of(cameras: list[Standing]) -> str:
    """What a list says about where these cameras of one pole look: as it was listed, else from their bearings."""
    if any(camera.direction for camera in cameras):
        return cameras[0].direction
    winds = [wind_of(camera.bearing_deg, camera.field_of_view_deg) for camera in cameras]
    return "·".join(winds) if all(winds) else ""


def name_of(pole: Pole, place: int) -> str:
    """What people call the camera: the last part of the address, what it is for, and which one on the pole."""
    words = pole.address.split()
    while len(words) > 1 and _DISTRICT.search(words[0]):
        words.pop(0)
    tail = f" {place + 1}" if pole.count > 1 else ""
    name = " ".join([*words, pole.purpose]).strip() or f"{pole.agency} {pole.number}".strip()
    return name[: LONGEST_NAME - len(tail)].rstrip() + tail


def _place(camera: Standing) -> tuple[float, float, str]:
    return round(camera.latitude, 5), round(camera.longitude, 5), plain(camera.purpose)
