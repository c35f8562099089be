"""The path for other programs: GeoJSON (RFC 7946), KML 2.2 and GPX 1.1. Times are UTC, texts are escaped.

All three say the same: numbered points with their camera and the number plate read there, and the hops between them
with distance, time and speed; a hop that nobody could have made says so, and so does a plate that contradicts the one
before. In KML and GPX what XML cannot hold (control characters) becomes U+FFFD.
"""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from inference.core.figures import percent
from investigations.evidence.archive import utc
from investigations.evidence.content import GeoPoint

EXTENSION = "urn:dongseon:path:1"
# XML 1.0 allows these and nothing else.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECIMALS = 7  # about a centimetre


def to_geojson(points: Sequence[GeoPoint], *, name: str) -> bytes:
    """Return a feature collection: one point for each stop, then one line for each hop."""
    hops = [_hop_feature(a, b) for a, b in pairwise(points)]
    document = {"type": "FeatureCollection", "name": name, "features": [*map(_stop_feature, points), *hops]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode(errors="replace") + b"\n"


def _stop_feature(point: GeoPoint) -> dict[str, Any]:
    properties = {
        "kind": "sighting",
        "number": point.number,
        "camera_code": point.camera_code,
        "camera_name": point.camera_name,
        "first_seen_at": utc(point.first_seen_at),
        "last_seen_at": utc(point.last_seen_at),
        **_plate_values(point),
        **_hop_values(point),
    }
    return {
        "type": "Feature",
        "id": point.number,
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": _position(point)},
    }


def _hop_feature(a: GeoPoint, b: GeoPoint) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": "hop", "from": a.number, "to": b.number, **_hop_values(b)},
        "geometry": {"type": "LineString", "coordinates": [_position(a), _position(b)]},
    }


def _plate_values(point: GeoPoint) -> dict[str, Any]:
    confidence = None if point.plate_confidence is None else round(point.plate_confidence, 2)
    return {"plate": point.plate or None, "plate_confidence": confidence, "other_plate": point.other_plate or None}


def _hop_values(point: GeoPoint) -> dict[str, Any]:
    return {
        "hop_m": _rounded(point.hop_m),
        "hop_s": _rounded(point.hop_s),
        "speed_mps": _rounded(point.speed_mps),
        "is_impossible": point.is_impossible,
    }


def _position(point: GeoPoint) -> list[float]:
    return [round(point.longitude, DECIMALS), round(point.latitude, DECIMALS)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def to_kml(points: Sequence[GeoPoint], *, name: str) -> bytes:
    """Return a document for Google Earth and its like: hops that nobody could have made are red."""
    root = Element("kml", xmlns="http://www.opengis.net/kml/2.2")
    document = SubElement(root, "Document")
    _add(document, "name", name)
    for style, colour in (("hop", "ff0c42c8"), ("impossible", "ff2f2fc2")):  # alpha, blue, green, red
        line = SubElement(SubElement(document, "Style", id=style), "LineStyle")
        _add(line, "color", colour)
        _add(line, "width", "3")
    for point in points:
        _kml_stop(document, point)
    for a, b in pairwise(points):
        _kml_hop(document, a, b)
    return _xml(root)


def _kml_stop(document: Element, point: GeoPoint) -> None:
    mark = SubElement(document, "Placemark", id=f"sighting-{point.number}")
    _add(mark, "name", f"{point.number}. {point.camera_code}")
    _add(mark, "description", _sentence(point))
    span = SubElement(mark, "TimeSpan")
    _add(span, "begin", utc(point.first_seen_at))
    _add(span, "end", utc(point.last_seen_at))
    data = SubElement(mark, "ExtendedData")
    values = {"number": point.number, "camera_code": point.camera_code, "camera_name": point.camera_name}
    for key, value in (values | _plate_values(point) | _hop_values(point)).items():
        if value is not None:
            _add(
                SubElement(data, "Data", name=key),
                "value",
                str(value).lower() if value in (True, False) else str(value),
            )
    _add(SubElement(mark, "Point"), "coordinates", _kml_position(point))


def _kml_hop(document: Element, a: GeoPoint, b: GeoPoint) -> None:
    mark = SubElement(document, "Placemark", id=f"hop-{a.number}-{b.number}")
    _add(mark, "name", f"{a.number} → {b.number}" + (" (impossible)" if b.is_impossible else ""))
    _add(mark, "styleUrl", "#impossible" if b.is_impossible else "#hop")
    line = SubElement(mark, "LineString")
    _add(line, "tessellate", "1")
    _add(line, "coordinates", f"{_kml_position(a)} {_kml_position(b)}")


def _kml_position(point: GeoPoint) -> str:
    return ",".join(f"{degrees:.{DECIMALS}f}" for degrees in _position(point))


def to_gpx(points: Sequence[GeoPoint], *, name: str, made_at: datetime) -> bytes:
    """Return waypoints and a track, which starts a new segment where nobody could have made the hop."""
    root = Element(
        "gpx",
        {
            "version": "1.1",
            "creator": "Dongseon",
            "xmlns": "http://www.topografix.com/GPX/1/1",
            "xmlns:dongseon": EXTENSION,
        },
    )
    metadata = SubElement(root, "metadata")
    _add(metadata, "name", name)
    _add(metadata, "time", utc(made_at))
    for point in points:
        _gpx_waypoint(root, point)
    if points:
        track = SubElement(root, "trk")
        _add(track, "name", name)
        _gpx_segments(track, points)
    return _xml(root)


def _gpx_waypoint(root: Element, point: GeoPoint) -> None:
    waypoint = _gpx_point(root, "wpt", point)
    _add(waypoint, "name", f"{point.number}. {point.camera_code}")
    _add(waypoint, "cmt", point.camera_name)
    _add(waypoint, "desc", _sentence(point))
    if point.is_impossible:
        _add(waypoint, "type", "impossible hop")
    extensions = SubElement(waypoint, "extensions")
    _add(extensions, "dongseon:last_seen_at", utc(point.last_seen_at))
    values = _plate_values(point) | _hop_values(point)
    for key in ("plate", "plate_confidence", "other_plate", "hop_m", "hop_s", "speed_mps"):
        value = values[key]
        if value is not None:
            _add(extensions, f"dongseon:{key}", str(value))


def _gpx_segments(track: Element, points: Sequence[GeoPoint]) -> None:
    segment = SubElement(track, "trkseg")
    for point in points:
        if point.is_impossible:
            segment = SubElement(track, "trkseg")
        _gpx_point(segment, "trkpt", point)


def _gpx_point(parent: Element, tag: str, point: GeoPoint) -> Element:
    longitude, latitude = _position(point)
    element = SubElement(parent, tag, lat=f"{latitude:.{DECIMALS}f}", lon=f"{longitude:.{DECIMALS}f}")
    _add(element, "time", utc(point.first_seen_at))
    return element


def _sentence(point: GeoPoint) -> str:
    """English, like the names of the properties: these files are for programs and analysts."""
    times = f"{utc(point.first_seen_at)} to {utc(point.last_seen_at)}"
    seen = f"{point.camera_name} ({point.camera_code}), {times}{_plate_sentence(point)}"
    if point.hop_m is None:
        return seen
    speed = "" if point.speed_mps is None else f", {point.speed_mps:.1f} m/s"
    flag = "; impossible: nobody could have made this hop" if point.is_impossible else ""
    return f"{seen}; {point.hop_m:.0f} m and {point.hop_s or 0:.0f} s from the stop before{speed}{flag}"


def _plate_sentence(point: GeoPoint) -> str:
    if not point.plate:
        return ""
    sure = "" if point.plate_confidence is None else f" (confidence {percent(point.plate_confidence)})"
    plate = f"; plate read as {point.plate}{sure}"
    return f"{plate}, not {point.other_plate} as before: may be another vehicle" if point.other_plate else plate


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = NOT_XML.sub("\ufffd", text)


def _xml(root: Element) -> bytes:
    indent(root, " ")
    return bytes(tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"
