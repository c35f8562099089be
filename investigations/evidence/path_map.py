"""The path on a map, drawn as vectors: areas, cameras, numbered stops, arrows, a scale and north.

Lengths on the ground are metres east and north of the map's middle; on paper they are points (1/72 inch).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, copysign, cos, hypot, pi, radians, sin

import shapely
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from cameras.gis import EARTH_RADIUS_M
from investigations.evidence.content import CertificateRow, GeoPoint, MapArea
from investigations.evidence.fonts import BOLD, REGULAR, shown
from investigations.evidence.sheet import ACCENT, BAD, INK, INNER, MUTED, PATH

Position = tuple[float, float]  # latitude, longitude
Spot = tuple[float, float]  # x, y on paper

SEA, LAND, BORDER, NAME = HexColor(0xE6ECF1), HexColor(0xF8F7F4), HexColor(0xB9BDC6), HexColor(0x8A92A0)
LEAST_SPAN_M = 500.0
MARGIN = 0.16  # of the span, on each side
JOINED_PT = 11.0  # stops nearer to each other than this share one mark
RADIUS_PT = 7.0
# How far an arrow's middle lies beside the straight line: a share of its length, and the most in points.
BENDS = ((0.12, 16.0), (0.2, 40.0), (-0.2, 40.0), (0.3, 80.0))
GAP_PT = 8.0
SPECK_PT = 0.4  # finer than print shows
LEAST_AREA_PT2 = 5000.0  # smaller pieces of an area get no name


@dataclass(frozen=True)
class Mark:
    """Stops that lie too near to each other for marks of their own."""

    spot: Spot
    numbers: tuple[int, ...]

    @property
    def label(self) -> str:
        """Return the numbers, runs of them shortened: 1, 3–5. Of many the first ones, for the table has them all."""
        runs: list[list[int]] = []
        for number in self.numbers:
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        said = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
        return ", ".join(said[:3]) + (" …" if len(said) > 3 else "")


@dataclass(frozen=True)
class Way:
    """An arrow's curve from one mark to another, pulled towards its control point."""

    start: Mark
    end: Mark
    control: Spot


class Projection:
    """Positions to paper: equirectangular around the middle, true to a metre over a city."""

    def __init__(self, positions: Sequence[Position], width: float, height: float) -> None:
        """Args:
        positions: What the map has to show.
        width, height: Of the paper, in points.
        """
        south, north = min(p[0] for p in positions), max(p[0] for p in positions)
        west, east = min(p[1] for p in positions), max(p[1] for p in positions)
        self._middle = ((south + north) / 2, (west + east) / 2)
        self._paper = (width / 2, height / 2)
        self._metre_north = pi / 180 * EARTH_RADIUS_M
        self._metre_east = self._metre_north * cos(radians(self._middle[0]))
        across = max((east - west) * self._metre_east * (1 + 2 * MARGIN), LEAST_SPAN_M)
        upwards = max((north - south) * self._metre_north * (1 + 2 * MARGIN), LEAST_SPAN_M * height / width)
        self.points_per_metre = min(width / across, height / upwards)

    def spot(self, position: Position) -> Spot:
        x = (position[1] - self._middle[1]) * self._metre_east * self.points_per_metre
        y = (position[0] - self._middle[0]) * self._metre_north * self.points_per_metre
        return self._paper[0] + x, self._paper[1] + y


class PathMap(Flowable):
    """A framed map of the page's width. Shows the searched cameras where there is no path."""

    keepWithNext = True  # noqa: N815  (reportlab's name)

    def __init__(
        self,
        points: Sequence[GeoPoint],
        cameras: Sequence[CertificateRow],
        areas: Sequence[MapArea],
        height: float = 112 * mm,
    ) -> None:
        super().__init__()
        self.width, self.height = INNER, height
        self._points, self._areas = points, areas
        self._cameras = {row.position: row for row in cameras if row.position is not None}
        positions = [(point.latitude, point.longitude) for point in points] or list(self._cameras)
        self._projection = Projection(positions or [(36.5, 127.8)], self.width, self.height)

    @property
    def is_empty(self) -> bool:
        return not self._points and not self._cameras

    def draw(self) -> None:
        canvas: Canvas = self.canv
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0, fill=0)
        canvas.setFillColor(SEA if self._areas else LAND)
        canvas.rect(0, 0, self.width, self.height, stroke=0, fill=1)
        marks, mark_of = self._marks()
        self._draw_areas(canvas, [mark.spot for mark in marks])
        self._draw_cameras(canvas)
        self._draw_hops(canvas, marks, mark_of)
        for mark in reversed(marks):  # the first on top
            _draw_mark(canvas, mark)
        _draw_scale(canvas, self._projection.points_per_metre, self.width)
        _draw_north(canvas, self.width, self.height)
        canvas.restoreState()
        canvas.setStrokeColor(BORDER)
        canvas.setLineWidth(0.8)
        canvas.rect(0, 0, self.width, self.height, stroke=1, fill=0)

    def _draw_areas(self, canvas: Canvas, spots: Sequence[Spot]) -> None:
        shapes = [(self._on_paper(area), area.name) for area in self._areas]
        # Boundaries are coarse, and neighbours do not quite meet: what lies narrowly between them is land as well.
        land = (
            shapely.union_all([shape for shape, _name in shapes])
            .buffer(GAP_PT, quad_segs=2)
            .buffer(-GAP_PT, quad_segs=2)
        )
        _draw_shape(canvas, land, fill=LAND)
        for shape, _name in shapes:
            _draw_shape(canvas, shape, stroke=BORDER)
        canvas.setFillColor(NAME)
        canvas.setFont(REGULAR, 8)
        for shape, name in shapes:
            visible = shapely.clip_by_rect(shape, 14, 24, self.width - 14, self.height - 14)
            if visible.area > LEAST_AREA_PT2:
                x, y = _free_spot(visible, spots)
                canvas.drawCentredString(x, y - 3, shown(name))

    def _on_paper(self, area: MapArea) -> shapely.Geometry:
        """Return the part of an area that the map shows; empty if none."""
        rings = [[[self._projection.spot((y, x)) for x, y in ring] for ring in polygon] for polygon in area.polygons]
        shape = shapely.make_valid(shapely.MultiPolygon([(outline, holes) for outline, *holes in rings]))
        visible = shapely.clip_by_rect(shape, -20, -20, self.width + 20, self.height + 20)
        parts = [part for part in shapely.get_parts(visible) if part.geom_type == "Polygon" and part.area > SPECK_PT**2]
        return shapely.make_valid(shapely.simplify(shapely.MultiPolygon(parts), SPECK_PT))

    def _draw_cameras(self, canvas: Canvas) -> None:
        """Filled where all hours were searched, else hollow."""
        canvas.setLineWidth(0.8)
        for position, row in self._cameras.items():
            x, y = self._projection.spot(position)
            canvas.setStrokeColor(ACCENT)
            canvas.setFillColor(ACCENT if row.share == 1 else white)
            canvas.circle(x, y, 1.9, stroke=1, fill=1)

    def _marks(self) -> tuple[list[Mark], dict[int, int]]:
        """Return the marks, and which mark a stop's number belongs to."""
        spots: list[Spot] = []
        numbers: list[list[int]] = []
        mark_of: dict[int, int] = {}
        for point in self._points:
            spot = self._projection.spot((point.latitude, point.longitude))
            at = next((at for at, other in enumerate(spots) if _distance(spot, other) < JOINED_PT), len(spots))
            if at == len(spots):
                spots.append(spot)
                numbers.append([])
            numbers[at].append(point.number)
            mark_of[point.number] = at
        return [Mark(spot, tuple(group)) for spot, group in zip(spots, numbers, strict=True)], mark_of

    def _draw_hops(self, canvas: Canvas, marks: Sequence[Mark], mark_of: dict[int, int]) -> None:
        hops: dict[tuple[int, int], bool] = {}
        for a, b in pairwise(self._points):
            start, end = mark_of[a.number], mark_of[b.number]
            if start != end:
                hops[start, end] = hops.get((start, end), False) or b.is_impossible
        ways = [(_bent(marks[start], marks[end], marks), bad) for (start, end), bad in hops.items()]
        for way, _bad in ways:
            _draw_arrow(canvas, way, white, 4.2, is_dashed=False)
        for way, is_impossible in ways:
            _draw_arrow(canvas, way, BAD if is_impossible else PATH, 1.7, is_dashed=is_impossible)


def _distance(a: Spot, b: Spot) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _free_spot(shape: shapely.Geometry, spots: Sequence[Spot]) -> Spot:
    """Return where in a shape a name lies furthest from the marks and from the shape's edge."""
    west, south, east, north = shape.bounds
    grid = [
        (west + (east - west) * column / 12, south + (north - south) * row / 12)
        for row in range(1, 12)
        for column in range(1, 12)
    ]
    inside = [spot for spot in grid if shape.contains(shapely.Point(spot))]
    if not inside:
        middle: Spot = shape.representative_point().coords[0]
        return middle
    edge = shape.boundary
    return max(inside, key=lambda spot: min([edge.distance(shapely.Point(spot)), *[_distance(spot, s) for s in spots]]))


def _draw_shape(
    canvas: Canvas, shape: shapely.Geometry, *, fill: Color | None = None, stroke: Color | None = None
) -> None:
    canvas.setLineWidth(0.6)
    if fill is not None:
        canvas.setFillColor(fill)
    if stroke is not None:
        canvas.setStrokeColor(stroke)
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        path = canvas.beginPath()
        for ring in (part.exterior, *part.interiors):
            (x, y), *others = ring.coords
            path.moveTo(x, y)
            for x, y in others:
                path.lineTo(x, y)
            path.close()
        canvas.drawPath(path, stroke=int(stroke is not None), fill=int(fill is not None), fillMode=0)


def _draw_arrow(canvas: Canvas, way: Way, colour: Color, width: float, *, is_dashed: bool) -> None:
    start = _towards(way.start.spot, way.control, _reach(way.start))
    tip = _towards(way.end.spot, way.control, _reach(way.end) + 1.5)
    heading = atan2(tip[1] - way.control[1], tip[0] - way.control[0])
    head = min(7.5, _distance(way.start.spot, way.end.spot) / 2)
    neck = (tip[0] - head * 0.8 * cos(heading), tip[1] - head * 0.8 * sin(heading))
    canvas.setStrokeColor(colour)
    canvas.setFillColor(colour)
    canvas.setLineWidth(width)
    canvas.setDash([4, 2.5] if is_dashed else [])
    path = canvas.beginPath()
    path.moveTo(*start)
    one, two = _cubic(start, way.control, neck)
    path.curveTo(*one, *two, *neck)
    canvas.drawPath(path, stroke=1, fill=0)
    canvas.setDash([])
    _draw_head(canvas, tip, heading, head)


def _bent(start: Mark, end: Mark, others: Sequence[Mark]) -> Way:
    """Bend a way a little to its right, so that there and back do not lie on each other; more where a mark is in it."""
    length, angle = _distance(start.spot, end.spot), atan2(end.spot[1] - start.spot[1], end.spot[0] - start.spot[0])
    middle = ((start.spot[0] + end.spot[0]) / 2, (start.spot[1] + end.spot[1]) / 2)
    ways = [
        Way(start, end, (middle[0] + 2 * bend * sin(angle), middle[1] - 2 * bend * cos(angle)))
        for bend in (copysign(min(abs(share) * length, most_pt), share) for share, most_pt in BENDS)
    ]
    return next((way for way in ways if not _is_blocked(way, others)), ways[0])


def _is_blocked(way: Way, others: Sequence[Mark]) -> bool:
    """Does a way pass over a mark that it does not lead to?"""
    (ax, ay), (cx, cy), (bx, by) = way.start.spot, way.control, way.end.spot
    places = [(at / 12, 1 - at / 12) for at in range(13)]
    spots = [(u * u * ax + 2 * t * u * cx + t * t * bx, u * u * ay + 2 * t * u * cy + t * t * by) for t, u in places]
    return any(
        mark not in (way.start, way.end) and min(_distance(mark.spot, spot) for spot in spots) < 1.6 * RADIUS_PT
        for mark in others
    )


def _cubic(start: Spot, control: Spot, end: Spot) -> tuple[Spot, Spot]:
    """Return the two control points of PDF's curve that make the same curve as this one."""
    return (
        (start[0] + 2 / 3 * (control[0] - start[0]), start[1] + 2 / 3 * (control[1] - start[1])),
        (end[0] + 2 / 3 * (control[0] - end[0]), end[1] + 2 / 3 * (control[1] - end[1])),
    )


def _towards(a: Spot, b: Spot, length: float) -> Spot:
    angle = atan2(b[1] - a[1], b[0] - a[0])
    return a[0] + length * cos(angle), a[1] + length * sin(angle)


def _draw_head(canvas: Canvas, tip: Spot, heading: float, size: float) -> None:
    path = canvas.beginPath()
    path.moveTo(*tip)
    for side in (2.75, -2.75):
        path.lineTo(tip[0] + size * cos(heading + side), tip[1] + size * sin(heading + side))
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


def _reach(mark: Mark) -> float:
    return max(RADIUS_PT, _mark_width(mark) / 2)


def _mark_width(mark: Mark) -> float:
    return max(2 * RADIUS_PT, stringWidth(mark.label, BOLD, 8) + 9)


def _draw_mark(canvas: Canvas, mark: Mark) -> None:
    (x, y), width = mark.spot, _mark_width(mark)
    canvas.setFillColor(PATH)
    canvas.setStrokeColor(white)
    canvas.setLineWidth(1.4)
    canvas.roundRect(x - width / 2, y - RADIUS_PT, width, 2 * RADIUS_PT, RADIUS_PT, stroke=1, fill=1)
    canvas.setFillColor(white)
    canvas.setFont(BOLD, 8)
    canvas.drawCentredString(x, y - 2.8, mark.label)


def _draw_scale(canvas: Canvas, points_per_metre: float, width: float) -> None:
    metres = nice_length(width * 0.22 / points_per_metre)
    length, x, y = metres * points_per_metre, 10.0, 10.0
    label = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    canvas.setFillColor(white)
    canvas.setFillAlpha(0.85)
    canvas.roundRect(x - 5, y - 5, length + stringWidth(label, REGULAR, 8) + 17, 17, 3, stroke=0, fill=1)
    canvas.setFillAlpha(1)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(1)
    for line in ((x, y, x + length, y), (x, y, x, y + 5), (x + length, y, x + length, y + 5)):
        canvas.line(*line)
    canvas.setFillColor(INK)
    canvas.setFont(REGULAR, 8)
    canvas.drawString(x + length + 6, y, label)


def nice_length(most: float) -> float:
    """Return the greatest of 1, 2, 5, 10, 20, 50 … that is not more than `most`."""
    step = 1.0
    while step * 10 <= most:
        step *= 10
    return next(step * factor for factor in (5, 2, 1) if step * factor <= most or factor == 1)


def _draw_north(canvas: Canvas, width: float, height: float) -> None:
    x, y = width - 18, height - 34
    path = canvas.beginPath()
    path.moveTo(x, y + 18)
    for dx, dy in ((-5, 0), (0, 4), (5, 0)):
        path.lineTo(x + dx, y + dy)
    path.close()
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFont(BOLD, 8)
    canvas.drawCentredString(x, y + 21, "N")


class Legend(Flowable):
    """One line that says what the map's signs mean."""

    keepWithNext = True  # noqa: N815  (reportlab's name)

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """Args:
        entries: (sign, text); signs are stop, hop, impossible, searched, partly.
        """
        super().__init__()
        self._entries = list(entries)
        self.width, self.height = INNER, 16

    def draw(self) -> None:
        canvas: Canvas = self.canv
        x = 0.0
        for sign, words in self._entries:
            _draw_sign(canvas, sign, x, 5)
            canvas.setFillColor(MUTED)
            canvas.setFont(REGULAR, 7.5)
            canvas.drawString(x + (22 if sign in {"hop", "impossible"} else 12), 2.4, shown(words))
            x += stringWidth(shown(words), REGULAR, 7.5) + (36 if sign in {"hop", "impossible"} else 26)


def _draw_sign(canvas: Canvas, sign: str, x: float, y: float) -> None:
    canvas.setLineWidth(1)
    if sign in {"hop", "impossible"}:
        canvas.setStrokeColor(BAD if sign == "impossible" else PATH)
        canvas.setFillColor(BAD if sign == "impossible" else PATH)
        canvas.setLineWidth(1.7)
        canvas.setDash([4, 2.5] if sign == "impossible" else [])
        canvas.line(x, y, x + 13, y)
        canvas.setDash([])
        _draw_head(canvas, (x + 18, y), 0.0, 6)
        return
    canvas.setStrokeColor(white if sign == "stop" else ACCENT)
    canvas.setFillColor({"stop": PATH, "searched": ACCENT}.get(sign, white))
    canvas.circle(x + 4, y, 4 if sign == "stop" else 2, stroke=1, fill=1)
