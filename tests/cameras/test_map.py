"""The base map and the cameras on it."""

import sqlite3
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cameras.models import Camera
from portal.accounts.models import User


@pytest.fixture
def signed_in(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.mark.parametrize(("level", "name"), [("sido", "세종특별자치시"), ("emd", "보람동")])
def test_boundaries_come_from_the_package(signed_in: Client, level: str, name: str) -> None:
    answer = signed_in.get(reverse("map-boundaries"), {"level": level, "bounds": "127.27,36.47,127.30,36.49"})
    assert name in [feature["properties"]["name"] for feature in answer.json()["features"]]


@pytest.mark.parametrize("query", [{}, {"bounds": "a,b,c,d"}, {"bounds": "1,2,3"}, {"bounds": "1,2,3,4", "level": "x"}])
def test_bad_bounds_are_refused(signed_in: Client, query: dict[str, str]) -> None:
    assert signed_in.get(reverse("map-boundaries"), query).status_code == 400


class TileServer(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if "/6/" in self.path else 500)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(b"\x89PNG picture")

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def tile_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), TileServer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_tiles_are_passed_on_and_the_key_stays_here(signed_in: Client, settings: Any, tile_server: str) -> None:
    settings.VWORLD_KEY = "secret-key"
    settings.MAP_TILES_URL = tile_server + "/{key}/{z}/{y}/{x}.png"
    answer = signed_in.get(reverse("map-tile", args=[6, 54, 24]))
    assert answer.content == b"\x89PNG picture"
    assert answer["Content-Type"] == "image/png"
    assert TileServer.asked[-1] == "/secret-key/6/24/54.png"
    assert "secret-key" not in str(answer.headers)
    assert signed_in.get(reverse("map-tile", args=[7, 1, 1])).status_code == 502


def test_tiles_come_from_an_mbtiles_file(signed_in: Client, settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "korea.mbtiles"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE tiles (zoom_level INT, tile_column INT, tile_row INT, tile_data BLOB)")
        file.execute("INSERT INTO tiles VALUES (6, 54, ?, ?)", (2**6 - 1 - 24, b"\x89PNG from a file"))
    settings.MAP_MBTILES = str(path)
    answer = signed_in.get(reverse("map-tile", args=[6, 54, 24]))
    assert (answer.content, answer["Content-Type"]) == (b"\x89PNG from a file", "image/png")
    assert signed_in.get(reverse("map-tile", args=[6, 54, 25])).status_code == 204


def test_without_a_source_there_are_no_tiles(signed_in: Client) -> None:
    assert signed_in.get(reverse("map-tile", args=[6, 54, 24])).status_code == 404


def test_the_camera_list_holds_what_the_person_may_see(
    signed_in: Client, make_camera: Callable[..., Camera], other_centre: Any
) -> None:
    make_camera("C1")
    make_camera("X1", centre=other_centre)
    rows = signed_in.get(reverse("api-cameras")).json()
    assert [row["code"] for row in rows] == ["C1"]
    assert rows[0]["recorded_from"] is None


def test_the_camera_list_needs_a_log_in(client: Client, db: None) -> None:
    assert client.get(reverse("api-cameras")).status_code in {302, 401, 403}
