"""Chromium plays the pieces one after another, at the recording's own times, without a gap between them."""

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from inference.core.detections import Box
from inference.core.playback import cut_piece, examine
from inference.core.previews import make_preview
from tests.core.drawing import moving_noise, write_video

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPEN_GOP = {"x264-params": "open-gop=1:bframes=3:keyint=10:scenecut=0"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "B-frames": ("a.mp4", {}),
    "open groups of pictures": ("b.mp4", {"options": OPEN_GOP}),
    "a transport stream": ("c.ts", {}),
    "AVI": ("d.avi", {"b_frames": 3}),
    "MPEG-4, encoded anew": ("e.avi", {"codec": "mpeg4"}),
}
PLAY = """async ([mime, pieces, seeks]) => {
  const bytes = pieces.map((piece) => Uint8Array.from(atob(piece), (c) => c.charCodeAt(0)));
  const video = Object.assign(document.createElement('video'), { muted: true });
  document.body.replaceChildren(video);
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((done) => source.addEventListener('sourceopen', done, { once: true }));
  const buffer = source.addSourceBuffer(mime);
  for (const piece of bytes) {
    buffer.appendBuffer(piece);
    await new Promise((done, fail) => {
      buffer.onupdateend = done;
      buffer.onerror = () => fail(new Error('append'));
    });
  }
  const { buffered } = buffer;
  const ranges = [...Array(buffered.length).keys()].map((i) => [buffered.start(i), buffered.end(i)]);
  const canvas = document.createElement('canvas');
  const shown = [];
  for (const at of seeks) {
    await new Promise((done, fail) => {
      const look = (_now, { mediaTime }) => {
        if (mediaTime < at + 0.001 && mediaTime > at - 0.15) done();
        else video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
      video.currentTime = at;
      setTimeout(() => fail(new Error(`nothing to show at ${at} s in ${JSON.stringify(ranges)}`)), 20_000);
    });
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const row = context.getImageData(0, Math.round(canvas.height * 0.6), canvas.width, 1).data;
    const red = [...Array(canvas.width).keys()].filter((x) => row[4 * x] > 170 && row[4 * x + 2] < 110);
    shown.push(red.length ? red[0] : -1);
  }
  return { ranges, shown, error: video.error && video.error.message };
}"""
FILE = """async (content) => {
  const video = Object.assign(document.createElement('video'), { muted: true });
  video.src = `data:video/mp4;base64,${content}`;
  document.body.replaceChildren(video);
  await new Promise((done, fail) => {
    video.onloadeddata = done;
    video.onerror = () => fail(new Error(video.error.message));
  });
  return video.duration;
}"""


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_play_at_the_recording_s_own_times(browser: "Browser", tmp_path: Path, kind: str) -> None:
    name, how = KINDS[kind]
    source = write_video(tmp_path / name, moving_noise(110), **how)
    pieces = [base64.b64encode(cut_piece(source, number).content).decode() for number in (1, 0, 2)]  # as one seeks
    seeks = [0.55, 3.95, 4.05, 4.55, 7.95, 8.05, 10.55]
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto("about:blank")
    played = page.evaluate(PLAY, [examine(source).mime, pieces, seeks])
    page.screenshot(path=shots() / f"pieces-{name}.png")
    page.close()
    assert played["error"] is None
    assert errors == []
    ((begins_s, ends_s),) = played["ranges"]
    assert begins_s <= 0.21
    assert ends_s == pytest.approx(11.0, abs=0.25)
    # The square moves a pixel with every frame: where it is says which frame is on show.
    expected = [10 + int(at_s * 10 + 1e-6) % 70 for at_s in seeks]
    late = 1 if name == "d.avi" else 0  # whose frames the container numbers one later
    assert played["shown"] == pytest.approx([place - late for place in expected], abs=2 if how.get("codec") else 1)


def test_a_preview_plays_by_itself(browser: "Browser", tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", moving_noise(80))
    content = base64.b64encode(make_preview(source, 4.0, Box(20, 40, 60, 80))).decode()
    page = browser.new_page()
    page.goto("about:blank")
    assert page.evaluate(FILE, content) == pytest.approx(5.0, abs=0.1)
    page.close()


def shots() -> Path:
    folder = Path(os.environ.get("DONGSEON_SHOTS", "var/shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
