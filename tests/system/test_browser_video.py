"""Video as the operator uses it, in a real browser: seek, step, cameras in step, pick the target.

The footage is real and H.264 or MPEG-4, an hour of it by copying packets. Each frame carries its number within
twenty seconds as ten squares, so that what the browser really shows can be read from the screen.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from statistics import quantiles
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream
from django.core.files import File
from django.utils import timezone
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Position, expect

from cameras.models import Camera, Recording
from cameras.services.recordings import add_recording
from inference.asking import NobodyAnswers, ask
from inference.core.detections import Box
from inference.core.trajectory import Trajectory, encode
from inference.core.video import read_frames
from inference.models import Analysis
from inference.tasks import find_boxes
from inference.videos import measure_video
from investigations.models import SearchRequest
from portal.accounts.models import User
from portal.audit.models import AuditEntry
from tests.conftest import make_sighting
from tests.system.browsing import findings, keep_screenshot, log_in, silent_page
from tests.system.conftest import wait_until

Picture = NDArray[np.uint8]
pytestmark = pytest.mark.browser
QUICK_MS, JOB_MS = 10_000, 30_000
FPS, WIDTH, HEIGHT, SQUARE_PX = 10, 384, 288, 16
LOOP = 20 * FPS
LATE_MS = 4000
SEEKS_S = [2900.25, 310.05, 1777.7, 3333.3, 45.55, 2222.2, 1000.95, 3500.5, 600.0, 1499.9]


@pytest.fixture(scope="session")
def hours(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same hour twice: as browsers play it, and as they do not."""
    folder = tmp_path_factory.mktemp("hours")
    frames = [_numbered(frame.image, at) for at, frame in enumerate(read_frames(clip, start_s=10, end_s=30))][:LOOP]
    quick = {"preset": "ultrafast", "tune": "zerolatency", "crf": "38"}
    return {
        "native": _hour(frames, folder / "native.mp4", "libx264", quick, {"movflags": "+faststart"}),
        "other": _hour(frames, folder / "other.avi", "mpeg4", {"b": "150000"}, {}),
    }


def _numbered(image: Picture, number: int) -> Picture:
    small = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    for bit in range(10):
        small[:SQUARE_PX, bit * SQUARE_PX : (bit + 1) * SQUARE_PX] = 255 * (number >> bit & 1)
    return small.astype(np.uint8)


def _hour(
    frames: list[Picture], path: Path, codec: str, options: dict[str, str], container_options: dict[str, str]
) -> Path:
    """Encode twenty seconds; the rest is copies of its packets."""
    with av.open(str(path), "w", options=container_options) as container:
        stream = container.add_stream(codec, rate=FPS, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 2 * FPS, 0
        packets = []
        for at, image in enumerate([*frames, None]):
            picture = None if image is None else av.VideoFrame.from_ndarray(image, format="bgr24")
            if picture is not None:
                picture.pts, picture.time_base = at, Fraction(1, FPS)
            packets += [(bytes(one), one.is_keyframe) for one in stream.encode(picture)]
        for at, (content, is_key) in enumerate(packets * 180):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, FPS), is_key
            packet.pts = packet.dts = at
            packet.duration = 1
            container.mux(packet)
    return path


@pytest.fixture
def page(browser: Browser, site: str, operator: User) -> Iterator[Page]:
    """A page whose console stays silent. What it makes for itself in memory is counted."""
    with silent_page(browser, script=COUNT_URLS) as opened:
        log_in(opened, site, operator)
        yield opened


@pytest.fixture
def recorded(
    hours: dict[str, Path], make_camera: Callable[..., Camera], operator: User, approved: SearchRequest
) -> dict[str, Recording]:
    """Two cameras that recorded the same hour, in step to the frame."""
    started_at = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    rows = {}
    for number, (name, path) in enumerate(hours.items()):
        camera = make_camera(f"V-{number + 1}", name=f"Lake park {number + 1}", longitude=127.28 + number / 2000)
        with path.open("rb") as file:
            rows[name] = add_recording(
                camera, file=File(file, path.name), started_at=started_at, measure=measure_video, actor=operator
            )
    return rows


COUNT_URLS = """
  window.openUrls = 0;
  const [make, drop] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (...values) => { window.openUrls += 1; return make.apply(URL, values); };
  URL.revokeObjectURL = (...values) => { window.openUrls -= 1; return drop.apply(URL, values); };
"""
OPEN = "(detail) => document.dispatchEvent(new CustomEvent('footage:open', { detail }))"
# How far apart two videos are, looked at on each of the browser's pictures for so many seconds.
APART = """(seconds) => new Promise((resolve) => {
  const [one, two] = document.querySelectorAll(".tile video");
  const until = performance.now() + seconds * 1000;
  const apart = [];
  const look = () => {
    apart.push(Math.abs(one.currentTime - two.currentTime));
    if (performance.now() < until) requestAnimationFrame(look);
    else resolve(apart);
  };
  look();
})"""
OPEN_AND_CLOSE = """async ([turns, cameras, from]) => {
  const box = document.getElementById("video-box");
  for (let turn = 0; turn < turns; turn += 1) {
    const at = new Date(Date.parse(from) + turn * 60_000).toISOString();
    document.dispatchEvent(new CustomEvent("footage:open", { detail: { camera: cameras[turn % 2], at, play: true } }));
    await new Promise((resolve) => {
      const look = () => (box.querySelector("video")?.readyState > 0 ? resolve() : setTimeout(look, 5));
      look();
    });
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true }));
  }
}"""
# From the click until the browser puts a picture of the moment sought on the screen.
SEEK = """([selector, text, seconds]) => new Promise((resolve) => {
  const video = document.querySelector(`${selector} video`);
  const field = document.getElementById("video-at");
  const from = performance.now();
  const shown = (now, { mediaTime }) => {
    if (Math.abs(mediaTime - seconds) < 0.11) resolve([performance.now() - from, mediaTime]);
    else video.requestVideoFrameCallback(shown);
  };
  video.requestVideoFrameCallback(shown);
  field.value = text;
  field.form.requestSubmit();
})"""
# From now on each piece of a recording is asked for so many milliseconds late.
LATE = """(ms) => {
  const ask = window.fetch;
  window.fetch = async (address, ...values) => {
    if (String(address).includes("/segments/")) await new Promise((resolve) => { setTimeout(resolve, ms); });
    return ask(address, ...values);
  };
}"""
SHOWN_S = "() => document.querySelector('.tile video').currentTime"
NUMBER = """(selector) => {
  const [video, canvas] = [document.querySelector(`${selector} video`), document.createElement("canvas")];
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  return Array.from({ length: 10 }, (_, bit) => pen.getImageData(bit * 16 + 8, 8, 1, 1).data[0] > 127 ? 1 << bit : 0)
    .reduce((sum, value) => sum + value, 0);
}"""


def open_video(page: Page, site: str, request: SearchRequest, **detail: Any) -> None:
    page.goto(f"{site}/requests/{request.pk}/")
    expect(page.locator("#camera-list")).to_contain_text("Lake park", timeout=JOB_MS)
    page.evaluate(OPEN, detail)
    expect(page.locator(".tile[data-state=ready]")).to_have_count(len(detail.get("cameras", [1])), timeout=JOB_MS)


def test_any_moment_comes_within_a_second_and_cameras_go_in_step(
    page: Page, site: str, approved: SearchRequest, recorded: dict[str, Recording]
) -> None:
    for name, recording in recorded.items():
        open_video(page, site, approved, camera=recording.camera_id, at=recording.time_at(60.05).isoformat())
        page.wait_for_timeout(500)
        keep_screenshot(page, f"video-{name}")
        tile = f'.tile[data-camera="{recording.camera_id}"]'
        waits_ms = []
        for seconds in SEEKS_S:
            text = f"{timezone.localtime(recording.time_at(seconds)):%Y-%m-%d %H:%M:%S}"
            waited_ms, shown_s = page.evaluate(SEEK, [tile, text, int(seconds)])
            waits_ms.append(waited_ms)
            assert page.evaluate(NUMBER, tile) == round(shown_s * FPS) % LOOP
        p50, p95 = quantiles(waits_ms, n=20)[9], max(waits_ms)
        print(f"{name}: first frame after p50 {p50:.0f} ms, worst {p95:.0f} ms")
        assert p95 < 1000

    native, other = recorded["native"], recorded["other"]
    tiles = [f'.tile[data-camera="{recording.camera_id}"]' for recording in (native, other)]
    cameras = [native.camera_id, other.camera_id]
    at = native.time_at(600.05).isoformat()
    page.evaluate(OPEN, {"camera": cameras[0], "at": at, "cameras": cameras, "play": True})
    wait_until(
        lambda: page.evaluate("document.querySelector('.tile video').currentTime") > 601, within_s=10, what="play"
    )
    apart = page.evaluate(APART, 2)
    print(f"in step over {len(apart)} looks: worst {max(apart):.3f} s")
    assert max(apart) < 0.2
    page.evaluate("document.querySelectorAll('.tile video')[1].currentTime -= 0.5")
    wait_until(lambda: max(page.evaluate(APART, 1)) < 0.2, within_s=10, what="cameras in step again")
    keep_screenshot(page, "video-in-step")

    page.keyboard.press("KeyK")
    expect(page.locator(".tile video").first).to_have_js_property("paused", True)
    page.wait_for_timeout(300)
    steps = [step(page, tiles, key) for key in ["Period"] * 4 + ["Comma"] * 3]
    assert steps == [1] * 4 + [LOOP - 1] * 3


def test_a_step_waits_for_a_piece_that_comes_slowly(
    page: Page, site: str, approved: SearchRequest, recorded: dict[str, Recording]
) -> None:
    """Or what is shown goes on by two frames, the other cameras by one."""
    native, other = recorded["native"], recorded["other"]
    tiles = [f'.tile[data-camera="{recording.camera_id}"]' for recording in (other, native)]
    cameras = [other.camera_id, native.camera_id]

    open_video(page, site, approved, camera=cameras[0], at=other.time_at(60.05).isoformat(), cameras=cameras)
    page.wait_for_timeout(500)
    page.evaluate(LATE, LATE_MS)
    seek(page, other.time_at(599))
    wait_until(lambda: {page.evaluate(NUMBER, tile) for tile in tiles} == {599 * FPS % LOOP}, within_s=20, what="599 s")
    page.focus("#video-box")
    steps = [step(page, tiles, "Period") for _ in range(11)]
    assert steps == [1] * 11


def step(page: Page, tiles: list[str], key: str) -> int:
    """By how many frames a key moves what is shown, the same in all tiles."""
    before = page.evaluate(NUMBER, tiles[0])
    page.keyboard.press(key)
    wait_until(lambda: page.evaluate(NUMBER, tiles[0]) != before, within_s=8, what="another frame")
    wait_until(lambda: len({page.evaluate(NUMBER, tile) for tile in tiles}) == 1, within_s=8, what="the same frame")
    moved: int = (page.evaluate(NUMBER, tiles[0]) - before) % LOOP
    return moved


def test_recordings_follow_each_other_and_nothing_is_left_behind(
    page: Page, site: str, approved: SearchRequest, recorded: dict[str, Recording]
) -> None:
    first = recorded["native"]
    for gap_s in (0.2, 7200):
        values = {
            field.attname: getattr(first, field.attname) for field in Recording._meta.fields if not field.primary_key
        }
        starts_at = first.ends_at + timedelta(seconds=gap_s)
        Recording.objects.create(**values | {"started_at": starts_at, "ends_at": starts_at + timedelta(hours=1)})
    second_ends = first.ends_at + timedelta(seconds=3600.2)
    detail = {"camera": first.camera_id, "play": True}
    open_video(page, site, approved, **detail, at=first.time_at(3599.0).isoformat())
    wait_until(lambda: hours_in(page, first) > 1.0002, within_s=8, what="the next recording")
    page.evaluate(OPEN, detail | {"at": (second_ends - timedelta(seconds=1)).isoformat()})
    wait_until(lambda: hours_in(page, first) > 3.0001, within_s=8, what="the recording after the gap")
    expect(page.locator("#video-note")).to_contain_text("without a recording skipped")

    page.keyboard.press("KeyK")
    seek(page, second_ends + timedelta(minutes=10))
    expect(page.locator(".tile-note")).to_contain_text("No recording at")
    keep_screenshot(page, "video-gap")
    page.get_by_role("button", name="Earlier, until").click()
    expect(page.locator(".tile[data-state=ready]")).to_have_count(1)
    assert 1.999 < hours_in(page, first) < 2.0001

    # Sixteen times as fast: what is encoded for the browser is shown picture by picture then.
    page.evaluate(OPEN, {"camera": recorded["other"].camera_id, "at": first.time_at(100).isoformat()})
    expect(page.locator(".tile[data-state=ready]")).to_have_count(1)
    page.select_option("#video-speed", "16")
    page.focus("#video-box")
    page.keyboard.press("Space")
    expect(page.locator(".tile-still")).to_be_visible()
    # At its own speed it would not be there in time.
    wait_until(lambda: hours_in(page, first) * 3600 > 110, within_s=8, what="ten seconds of the recording")
    page.keyboard.press("Space")
    expect(page.locator(".tile-still")).to_be_hidden()
    fast_s = hours_in(page, first) * 3600
    assert 110 < fast_s < 400
    assert page.evaluate(NUMBER, ".tile") == pytest.approx(page.evaluate(SHOWN_S) * FPS % LOOP, abs=2)
    page.keyboard.press("KeyF")
    expect(page.locator(".centre")).to_have_class(re.compile("video-full"))
    page.keyboard.press("KeyF")
    page.keyboard.press("Escape")
    expect(page.locator("#video-box")).to_be_hidden()

    devtools = page.context.new_cdp_session(page)
    counts = []
    for turns in (10, 40):
        cameras = [recording.camera_id for recording in recorded.values()]
        page.evaluate(OPEN_AND_CLOSE, [turns, cameras, first.started_at.isoformat()])
        devtools.send("HeapProfiler.collectGarbage")
        counts.append(devtools.send("Memory.getDOMCounters"))
    assert page.evaluate("[document.querySelectorAll('video').length, window.openUrls]") == [0, 0]
    print("after 10 and 50 opens:", counts)
    assert counts[1]["nodes"] < counts[0]["nodes"] * 1.2 + 200
    assert counts[1]["jsEventListeners"] < counts[0]["jsEventListeners"] * 1.2 + 50


def seek(page: Page, at: datetime) -> None:
    page.fill("#video-at", f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}")
    page.press("#video-at", "Enter")


def hours_in(page: Page, recording: Recording) -> float:
    """How many hours after the start of `recording` the page says that it is."""
    shown = f"{page.inner_text('#video-day')} {page.input_value('#video-at')}"
    at = timezone.make_aware(datetime.strptime(shown, "%Y-%m-%d %H:%M:%S"))
    return (at - recording.started_at).total_seconds() / 3600


@pytest.mark.footage
@pytest.mark.usefixtures("models", "workers")
def test_the_target_is_picked_from_the_video(
    page: Page, site: str, approved: SearchRequest, recorded: dict[str, Recording]
) -> None:
    plain, analysed = recorded.values()
    track = Trajectory.of((240 + at / 5, Box(200 + at, 120, 250 + at, 260)) for at in range(100))
    sighting = make_sighting(analysed, after_s=240, trajectory=encode(track), last_seen_at=analysed.time_at(260))
    Analysis.objects.create(recording=analysed, status="done", detector="d", embedder="e", fps=5)

    wait_until(lambda: detector_answers(plain), within_s=60, what="the worker's detector")

    open_video(page, site, approved, camera=plain.camera_id, at=plain.time_at(600.05).isoformat())
    page.evaluate(
        "window.added = []; document.addEventListener('query:add', ({ detail }) => window.added.push(detail))"
    )
    expect(page.locator("#video-box")).to_be_focused()
    page.keyboard.press("KeyP")
    expect(page.locator(".pick-bar")).to_be_visible()
    expect(page.locator(".pick-box.person").first).to_be_visible(timeout=JOB_MS)
    found = page.locator(".pick-box").count()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".pick-handle")).to_have_count(4)
    keep_screenshot(page, "video-pick")
    assert findings(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".pick")).to_have_count(0)
    expect(page.locator("#query-pictures li")).to_have_count(1)
    [item] = page.evaluate("window.added")
    x1, y1, x2, y2 = item.pop("box")
    assert 0 <= x1 < x2 <= WIDTH
    assert 0 <= y1 < y2 <= HEIGHT
    assert (item["kind"], item["recording"]) == ("frame", plain.pk)
    assert 600 <= item["at_s"] < 600.1
    assert page.evaluate("(url) => fetch(url).then((answer) => answer.status)", item["url"]) == 200

    page.keyboard.press("KeyP")
    expect(page.locator(".pick-box")).to_have_count(found, timeout=JOB_MS)
    pull(page, (0.02, 0.5), (0.12, 0.9))
    page.get_by_role("button", name="Use this").click()
    left, top, right, bottom = page.evaluate("window.added.at(-1).box")
    assert (left, right) == (pytest.approx(0.02 * WIDTH, abs=3), pytest.approx(0.12 * WIDTH, abs=3))
    assert (top, bottom) == (pytest.approx(0.5 * HEIGHT, abs=3), pytest.approx(0.9 * HEIGHT, abs=3))

    page.evaluate(OPEN, {"camera": analysed.camera_id, "at": analysed.time_at(250).isoformat()})
    expect(page.locator(".tile[data-state=ready]")).to_have_count(1)
    page.keyboard.press("KeyT")
    expect(page.locator(".tile-boxes")).to_be_visible()
    keep_screenshot(page, "video-tracks")
    page.locator(".tile-stage").click(position=middle(page, ((275 / WIDTH), (190 / HEIGHT))))
    expect(page.locator(".track-pop")).to_contain_text(f"Sighting {sighting.pk}")
    page.get_by_role("button", name="Show all its times").click()
    expect(page.locator(".track-times .chip")).to_have_count(1)
    assert findings(page) == []
    page.locator(".track-pop").get_by_role("button", name="Search from this").click()
    assert page.evaluate("window.added.at(-1).sighting") == sighting.pk

    page.keyboard.press("KeyP")
    expect(page.locator(".pick-box")).to_have_count(1)  # of the analysis: no detector is asked
    page.keyboard.press("Escape")
    page.hover(".tile-stage")
    page.mouse.wheel(0, -400)
    expect(page.locator(".tile-view.zoomed")).to_have_count(1)
    page.dblclick(".tile-view")
    expect(page.locator(".tile-view.zoomed")).to_have_count(0)
    page.click("[data-act=light]")
    page.locator("#video-light [name=brightness]").fill("180")
    expect(page.locator("#video-grid")).to_have_attribute("style", re.compile(r"brightness\(180%\)"))
    page.keyboard.press("Escape")
    expect(page.locator("#video-light")).to_be_hidden()
    height = page.locator("#video-box").evaluate("(box) => box.clientHeight")
    page.focus("#video-grip")
    page.keyboard.press("ArrowUp")
    assert page.locator("#video-box").evaluate("(box) => box.clientHeight") > height
    with page.expect_download() as saved:
        page.click("[data-act=snapshot]")
    assert saved.value.suggested_filename.startswith(f"{analysed.camera.code} ")
    taken = AuditEntry.objects.filter(action="snapshot.taken")
    wait_until(lambda: taken.count() == 1, within_s=5, what="the snapshot's entry")


def detector_answers(recording: Recording) -> bool:
    try:
        return bool(ask(find_boxes, recording.pk, 600.0))
    except NobodyAnswers:
        return False


def middle(page: Page, share: tuple[float, float]) -> Position:
    """Shares of the picture as pixels from its corner."""
    area = page.locator(".tile-stage").bounding_box()
    assert area is not None
    return {"x": area["width"] * share[0], "y": area["height"] * share[1]}


def pull(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    area = page.locator(".tile-stage").bounding_box()
    assert area is not None
    for share, act in ((start, page.mouse.down), (end, page.mouse.up)):
        page.mouse.move(area["x"] + area["width"] * share[0], area["y"] + area["height"] * share[1])
        act()
