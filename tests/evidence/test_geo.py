"""The path's files say what the path says, in the form that each standard wants."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from investigations.evidence.content import GeoPoint
from investigations.evidence.geo import EXTENSION, to_geojson, to_gpx, to_kml
from tests.conftest import NOON
from tests.evidence.conftest import PLACES, make_path, make_point

KML, GPX, OWN = "{http://www.opengis.net/kml/2.2}", "{http://www.topografix.com/GPX/1/1}", f"{{{EXTENSION}}}"
NASTY = "a<b>&\"'\x00\x1b\u202e]]>한글\ud7a3\uffff"


def path() -> list[GeoPoint]:
    return make_path(4, impossible=(3,))


def geojson(points: Sequence[GeoPoint], name: str = "2026-1") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(to_geojson(points, name=name))
    return document


def test_geojson_has_a_point_for_each_stop_and_a_line_for_each_hop() -> None:
    features = geojson(path())["features"]
    assert [feature["geometry"]["type"] for feature in features] == ["Point"] * 4 + ["LineString"] * 3
    assert features[0]["geometry"]["coordinates"] == [127.2716, 36.4990]  # RFC 7946: longitude first
    assert features[0]["properties"] == {
        "kind": "sighting",
        "number": 1,
        "camera_code": "SJ-0101",
        "camera_name": "호수공원 2번 입구",
        "first_seen_at": "2026-11-20T03:04:00Z",
        "last_seen_at": "2026-11-20T03:04:09Z",
        "plate": None,
        "plate_confidence": None,
        "other_plate": None,
        "hop_m": None,
        "hop_s": None,
        "speed_mps": None,
        "is_impossible": False,
    }
    assert [feature["properties"]["is_impossible"] for feature in features[4:]] == [False, True, False]
    assert features[5]["geometry"]["coordinates"] == [[127.268, 36.4984], [127.275, 36.5004]]


def test_all_three_name_the_plate_and_the_one_that_it_contradicts() -> None:
    first = make_point(1, plate="12가3456")
    points = [first, make_point(2, first, plate="34나5678", plate_confidence=0.937, other_plate="12가3456")]
    features = geojson(points)["features"]
    assert [feature["properties"]["plate"] for feature in features[:2]] == ["12가3456", "34나5678"]
    assert [feature["properties"]["other_plate"] for feature in features[:2]] == [None, "12가3456"]
    kml, gpx = to_kml(points, name="x").decode(), to_gpx(points, name="x", made_at=NOON).decode()
    for text in (kml, gpx):
        assert text.count("read as 34나5678 (confidence 93%), not 12가3456 as before: may be another vehicle") == 1
    assert kml.count('<Data name="other_plate">') == 1
    assert gpx.count("<dongseon:plate_confidence>0.94</dongseon:plate_confidence>") == 1
    assert gpx.count("<dongseon:other_plate>12가3456</dongseon:other_plate>") == 1


def test_geojson_keeps_to_rfc_7946() -> None:
    document = geojson(path())
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    for feature in document["features"]:
        assert set(feature) <= {"type", "id", "properties", "geometry"}
        assert feature["type"] == "Feature"
        positions = feature["geometry"]["coordinates"]
        for longitude, latitude in positions if feature["geometry"]["type"] == "LineString" else [positions]:
            assert -180 <= longitude <= 180
            assert -90 <= latitude <= 90
    assert geojson([])["features"] == []


def test_geojson_is_utf_8_in_which_korean_can_be_read() -> None:
    assert "호수공원".encode() in to_geojson(path(), name="2026-1")


# The order of children that the schemas want (ogckml22.xsd, gpx.xsd), of what is used here.
KML_ORDER = {
    "kml": ["Document"],
    "Document": ["name", "Style", "Placemark"],
    "Placemark": ["name", "description", "TimeSpan", "styleUrl", "ExtendedData", "Point", "LineString"],
    "Style": ["LineStyle"],
    "LineStyle": ["color", "width"],
    "TimeSpan": ["begin", "end"],
    "ExtendedData": ["Data"],
    "Data": ["value"],
    "Point": ["coordinates"],
    "LineString": ["tessellate", "coordinates"],
}
GPX_ORDER = {
    "gpx": ["metadata", "wpt", "trk"],
    "metadata": ["name", "time"],
    "wpt": ["time", "name", "cmt", "desc", "type", "extensions"],
    "trk": ["name", "trkseg"],
    "trkseg": ["trkpt"],
    "trkpt": ["time"],
}


def check_order(element: Element, namespace: str, order: dict[str, list[str]]) -> None:
    tag = element.tag.removeprefix(namespace)
    if tag == "extensions":
        assert all(child.tag.startswith(OWN) for child in element)
        return
    places = [order.get(tag, []).index(child.tag.removeprefix(namespace)) for child in element]
    assert places == sorted(places), tag
    for child in element:
        check_order(child, namespace, order)


@pytest.mark.parametrize("points", [[], path()[:1], path()], ids=["none", "one", "four"])
def test_kml_and_gpx_keep_the_order_of_their_schemas(points: list[GeoPoint]) -> None:
    check_order(fromstring(to_kml(points, name="2026-1")), KML, KML_ORDER)
    check_order(fromstring(to_gpx(points, name="2026-1", made_at=NOON)), GPX, GPX_ORDER)


def test_kml_has_numbered_places_with_times_and_red_lines_for_impossible_hops() -> None:
    root = fromstring(to_kml(path(), name="2026-1"))
    marks = root.findall(f"{KML}Document/{KML}Placemark")
    assert [mark.findtext(f"{KML}name") for mark in marks[:2]] == ["1. SJ-0101", "2. SJ-0102"]
    assert marks[0].findtext(f"{KML}TimeSpan/{KML}begin") == "2026-11-20T03:04:00Z"
    assert marks[0].findtext(f"{KML}Point/{KML}coordinates") == "127.2716000,36.4990000"
    lines = [mark for mark in marks if mark.find(f"{KML}LineString") is not None]
    assert [line.findtext(f"{KML}styleUrl") for line in lines] == ["#hop", "#impossible", "#hop"]
    assert {style.get("id") for style in root.iter(f"{KML}Style")} == {"hop", "impossible"}
    data = {item.get("name"): item.findtext(f"{KML}value") for item in marks[2].iter(f"{KML}Data")}
    assert data["is_impossible"] == "true"
    assert data["camera_name"] == "호수공원 4번 입구"
    assert float(data["hop_m"] or 0) == pytest.approx(664, abs=2)


def test_gpx_has_waypoints_and_a_track_that_breaks_at_an_impossible_hop() -> None:
    root = fromstring(to_gpx(path(), name="2026-1", made_at=NOON))
    assert (root.get("version"), root.findtext(f"{GPX}metadata/{GPX}time")) == ("1.1", "2026-11-20T03:00:00Z")
    waypoints = root.findall(f"{GPX}wpt")
    assert [(point.get("lat"), point.get("lon")) for point in waypoints] == [
        (f"{latitude:.7f}", f"{longitude:.7f}") for latitude, longitude in PLACES[:4]
    ]
    assert [point.findtext(f"{GPX}type") for point in waypoints] == [None, None, "impossible hop", None]
    assert waypoints[1].findtext(f"{GPX}extensions/{OWN}hop_s") == "231.0"
    segments = root.findall(f"{GPX}trk/{GPX}trkseg")
    assert [len(segment) for segment in segments] == [2, 2]
    times = [point.findtext(f"{GPX}time") or "" for segment in segments for point in segment]
    assert all(a < b for a, b in pairwise(times))


def test_whatever_a_camera_is_called_the_files_stay_well_formed() -> None:
    points = [make_point(1, camera_code=NASTY, camera_name=NASTY)]
    properties = geojson(points, NASTY)["features"][0]["properties"]
    assert properties["camera_name"] == NASTY
    shown = NASTY.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\uffff", "\ufffd")
    mark = fromstring(to_kml(points, name=NASTY)).find(f"{KML}Document/{KML}Placemark")
    assert mark is not None
    assert mark.findtext(f"{KML}name") == f"1. {shown}"
    gpx = fromstring(to_gpx(points, name=NASTY, made_at=NOON))
    assert gpx.findtext(f"{GPX}wpt/{GPX}cmt") == shown
    assert gpx.findtext(f"{GPX}metadata/{GPX}name") == shown
