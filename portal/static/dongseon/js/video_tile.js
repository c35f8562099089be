/** One camera of the video panel: its recording of the moment, what is said where there is none, and a closer look. */
import { post } from "./api.js";
import { h, icon } from "./dom.js";
import { clock, day } from "./format.js";
import { openSource } from "./video_source.js";
import { addTracks } from "./video_tracks.js";

const STILL_RATE = 4; // faster than this, pieces would not come in time: single pictures are shown
const PRESENTED_MS = 1500;
const LARGEST_ZOOM = 12;
const LAST_MS = 1000; // asked for what lies before, the last second of it is shown
const REFUSED = [400, 403, 404]; // asked again, the portal would say the same

/**
 * @param {Object} row  the camera
 * @param {{requestId: number, onSeek: Function, onChange: Function, onTrack: Function, onClose: Function, onLarge: Function}} options
 */
export function createTile(row, { requestId, onSeek, onChange, onTrack, onClose, onLarge }) {
  const video = h("video", { playsinline: true, preload: "auto", disablepictureinpicture: true, "aria-label": row.name });
  const still = h("img", { class: "tile-still", alt: "", hidden: true, draggable: "false" });
  const canvas = h("canvas", { class: "tile-boxes" });
  const stage = h("div", { class: "tile-stage" }, video, still, canvas);
  const view = h("div", { class: "tile-view" }, stage);
  const note = h("div", { class: "tile-note", role: "status" });
  const time = h("time", {});
  const button = (label, iconName, onclick) => h("button", { type: "button", title: label, "aria-label": `${label}: ${row.name}`, onclick }, icon(iconName));
  const element = h("figure", { class: "tile", tabindex: "0", dataset: { camera: row.id }, "aria-label": row.name },
    view, note,
    h("figcaption", {}, h("b", { title: row.code }, row.name), time, h("span", { class: "tile-state" }, gettext("buffering…")),
      button(gettext("Make large"), "fit", () => onLarge(tile)), button(gettext("Remove"), "close", () => onClose(tile))));
  video.muted = true;
  video.disableRemotePlayback = true;
  video.addEventListener("seeked", () => {
    still.hidden ||= !still.dataset.busy;
    waiting?.();
  });

  const tile = { row, element, stage, video, canvas, footage: null, state: "", shownS: 0, show, open, step, still: drawStill, play, label, covers, close };
  let source = null;
  let gap = null;
  let turn = 0;
  let renewedAt = -Infinity;
  let waiting = null;
  let presentedS = 0;
  const starts = () => Date.parse(tile.footage.recording.started_at);
  const ends = () => Date.parse(tile.footage.recording.ends_at);

  Object.defineProperties(tile, {
    /** The moment that the video shows. */
    at: { get: () => (video.ended ? ends() : starts() + video.currentTime * 1000) },
    later: { get: () => (tile.state === "none" && gap ? gap.until : null) },
    isStuck: { get: () => video.seeking || (video.readyState < 3 && !video.ended && video.currentTime < video.duration - 0.1) },
    /** The frame on show, for the portal: a little after its beginning, so that no rounding makes it the one before. */
    exactS: { get: () => Math.min(tile.shownS + 0.001, tile.footage.recording.duration_s) },
    frameS: { get: () => 1 / (tile.footage?.recording.fps || 25) },
  });
  tile.isStills = (rate) => rate > STILL_RATE && !tile.footage.is_native;
  const tracks = addTracks(tile);
  tile.tracks = tracks;

  function covers(at) {
    return tile.state === "ready" && at >= starts() && at < ends();
  }

  /** Show the moment `at`, from another recording if need be; without `isOpening` only what is open already. */
  function show(at, { isOpening = true } = {}) {
    if (tile.footage && tile.state !== "loading" && at >= starts() && at < ends() && source) {
      set("ready");
      return seek((at - starts()) / 1000);
    }
    if (!isOpening) return undefined;
    gap = knownGap(at);
    // The portal's times are finer than ours: what begins at this millisecond has begun a millisecond later.
    return gap && at >= gap.from && at < gap.until ? none(at) : open(at + (at === gap?.until ? 1 : 0));
  }

  /** Between two recordings of this camera there is nothing to ask the portal for. */
  function knownGap(at) {
    const first = Date.parse(row.recorded_from);
    if (!tile.footage) return at < first ? { from: -Infinity, until: first } : gap;
    const { previous, next } = tile.footage;
    if (at >= ends()) return { from: ends(), until: next ? Date.parse(next.started_at) : Infinity, earlier: ends() - LAST_MS };
    const end = previous && Date.parse(previous.ends_at);
    return { from: end ?? -Infinity, until: starts(), earlier: end && end - LAST_MS };
  }

  async function open(at) {
    const mine = ++turn;
    shut();
    set("loading");
    try {
      const answer = await post("/api/footage/", { request: requestId, camera: row.id, at: new Date(at).toISOString() });
      if (mine !== turn) return;
      tile.footage = answer;
      stage.style.setProperty("--ratio", answer.recording.width / answer.recording.height || 16 / 9);
      source = openSource(video, answer, (error) => mine === turn && fail(error));
      watch();
      seek(answer.at_s);
      set("ready");
      if (!covers(at)) throw new Error(gettext("The recording cannot be played.")); // or it would be asked for without end
    } catch (error) {
      if (mine !== turn) return;
      const { earlier, later } = error.content ?? {};
      if (error.status !== 404 || earlier === undefined) return void fail(error, at);
      gap = { from: earlier ? Date.parse(earlier) : -Infinity, until: later ? Date.parse(later) : Infinity, earlier: earlier && Date.parse(earlier) };
      none(at);
    }
  }

  function seek(seconds) {
    still.onload = still.onerror = null;
    delete still.dataset.busy;
    tile.shownS = seconds; // until the browser says which frame that is
    // The clock of a video just paused can be a picture ahead of the screen: only what is on the screen needs no seek.
    const isShown = video.readyState >= 2 && Math.abs(video.currentTime - seconds) <= 0.001 && Math.floor((seconds - presentedS) / tile.frameS) === 0;
    if (!isShown) video.currentTime = Math.max(0, seconds);
    source.fill();
  }

  function none(at) {
    video.pause();
    const jump = (label, to, iconName) => Number.isFinite(to) && h("button", { type: "button", class: "button small", onclick: () => onSeek(to) }, icon(iconName), label);
    say(interpolate(gettext("No recording at %s."), [clock(at)]),
      gap.earlier && jump(interpolate(gettext("Earlier, until %s"), [near(gap.earlier + LAST_MS, at)]), gap.earlier, "undo"),
      jump(interpolate(gettext("Later, from %s"), [near(gap.until, at)]), gap.until, "chevron"));
    set("none");
  }

  function fail(error, at = tile.footage ? tile.at : 0) {
    // An address lives for an hour: ask for a fresh one before complaining.
    if (error.isOld && performance.now() - renewedAt > 10_000) {
      renewedAt = performance.now();
      return open(at);
    }
    shut();
    say(error.message, !REFUSED.includes(error.status) && h("button", { type: "button", class: "button small", onclick: () => open(at) }, icon("refresh"), gettext("Try again")));
    return set("error");
  }

  function say(text, ...buttons) {
    note.replaceChildren(h("p", {}, text), h("div", {}, ...buttons.filter(Boolean)));
  }

  function set(state) {
    tile.state = element.dataset.state = state;
    if (state === "loading") say(gettext("Loading…"));
    onChange(tile);
  }

  /** Each picture that the browser puts on the screen: what it really shows, which its clock only roughly says. */
  function watch() {
    const mine = turn;
    const shown = (_now, { mediaTime }) => {
      if (mine !== turn) return;
      presentedS = mediaTime;
      if (!still.dataset.busy && !video.seeking) {
        tile.shownS = mediaTime;
        still.hidden = true;
      }
      waiting?.();
      tracks.draw();
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  /** Go one frame on (1) or back (-1). @returns {Promise<number|null>} the moment of the frame shown then */
  async function step(direction) {
    if (tile.state !== "ready") return null;
    if (video.seeking) await settled(presentedS);
    const from = presentedS;
    for (let tries = 0; tries < 8 && presentedS === from && (from > 0 || direction > 0) && tile.state === "ready"; tries += 1) {
      seek(direction > 0 ? from + (1.5 + tries / 2) * tile.frameS : from - (0.5 + tries / 2) * tile.frameS);
      await settled(from);
    }
    if (tile.state !== "ready") return null; // closed meanwhile
    tile.shownS = presentedS;
    return starts() + presentedS * 1000 + 2; // within the frame: its edge, rounded, might be the one before elsewhere
  }

  /** Until a seek has ended and another picture than `from` is on the screen, or none comes any more. A seek that is slow
   *  is waited for: one sent after it would end later, on another picture than the one that is told. */
  async function settled(from) {
    const news = () => new Promise((resolve) => { waiting = resolve; setTimeout(resolve, PRESENTED_MS); });
    do await news(); while (video.seeking && tile.state === "ready");
    if (presentedS === from) await news();
  }

  /** Show the single picture of a moment, unless the last one is still on its way. */
  function drawStill(at) {
    video.pause();
    if (still.dataset.busy) return;
    still.dataset.busy = "1";
    const seconds = (at - starts()) / 1000;
    still.onerror = () => { delete still.dataset.busy; };
    still.onload = () => {
      delete still.dataset.busy;
      still.hidden = false;
      tile.shownS = seconds;
      tracks.draw();
    };
    still.src = tile.frameUrl(seconds);
  }

  tile.frameUrl = (seconds) => tile.footage.frame.replace("{at_s}", Math.max(0, seconds).toFixed(3));

  function play(rate) {
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (video.paused && !video.ended) video.play().catch(() => {}); // a seek in between takes the promise back
    source.fill();
  }

  function label(at, isPlaying) {
    element.classList.toggle("buffering", tile.state === "ready" && still.hidden && (isPlaying ? tile.isStuck : video.seeking));
    const text = tile.state === "ready" ? clock(still.hidden ? tile.at : at) : clock(at);
    if (time.textContent !== text) time.textContent = text;
  }

  function shut() {
    source?.close();
    source = tile.footage = still.onload = null;
    still.hidden = true;
    still.removeAttribute("src");
    delete still.dataset.busy;
    tracks.clear();
  }

  function close() {
    turn += 1;
    shut();
    element.remove();
  }

  addZoom(view, stage, tile, onTrack);
  return tile;
}

/** 14:03:10, with the date where it is another one. */
const near = (when, at) => (day(when) === day(at) ? clock(when) : `${day(when)} ${clock(when)}`);

/** The wheel magnifies, pulling moves, a double click shows all again; a click asks what stands there. */
function addZoom(view, stage, tile, onTrack) {
  let [zoom, x, y] = [1, 0, 0];
  let from = null;

  function apply() {
    x = Math.min(0, Math.max(x, stage.clientWidth * (1 - zoom)));
    y = Math.min(0, Math.max(y, stage.clientHeight * (1 - zoom)));
    stage.style.transform = zoom > 1 ? `translate(${x}px, ${y}px) scale(${zoom})` : "";
    stage.style.setProperty("--zoom", zoom);
    view.classList.toggle("zoomed", zoom > 1);
  }

  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    const area = stage.getBoundingClientRect();
    const next = Math.min(LARGEST_ZOOM, Math.max(1, zoom * Math.exp(-event.deltaY / 400)));
    const grown = 1 - next / zoom;
    x += (event.clientX - area.left) * grown;
    y += (event.clientY - area.top) * grown;
    zoom = next;
    apply();
    tile.tracks.draw();
  }, { passive: false });
  view.addEventListener("dblclick", () => {
    zoom = 1;
    apply();
    tile.tracks.draw();
  });
  view.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest(".pick")) return;
    from = { px: event.clientX, py: event.clientY, x, y, isMoved: false };
    view.setPointerCapture(event.pointerId);
  });
  view.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [dx, dy] = [event.clientX - from.px, event.clientY - from.py];
    from.isMoved ||= Math.hypot(dx, dy) > 4;
    if (from.isMoved && zoom > 1) {
      [x, y] = [from.x + dx, from.y + dy];
      apply();
    }
  });
  view.addEventListener("pointerup", (event) => {
    if (from && !from.isMoved) onTrack(tile, tile.tracks.hit(event), event);
    from = null;
  });
  new ResizeObserver(() => { apply(); tile.tracks.draw(); }).observe(view);
}
