/** The video panel: one to nine cameras in step. */
import "/jsi18n/later/";
import { get } from "./api.js";
import { byId, h, icon, throttle } from "./dom.js";
import { clock, day, duration, fromField, timeElement } from "./format.js";
import { isTyping } from "./page.js";
import { followFootage } from "./path_walker.js";
import { addSplit } from "./video_split.js";
import { addBar } from "./video_bar.js";
import { startPick } from "./video_pick.js";
import { createTile } from "./video_tile.js";
import { errorToast, toast } from "./toasts.js";

const MOST_TILES = 9;
const RATES = [0.25, 0.5, 1, 2, 4, 8, 16];
// Apart by so much, a tile is hurried or slowed; by more, it is moved.
const NUDGE_S = 0.05;
const MOVE_S = 0.6;
const SILENT_GAP_S = 2;
const NEAREST_LISTED = 60;
const MOST_STEPS = 4; // a key that is held must not go on after it was let go
const LONGEST_TRACKS_S = 600;
const KEYS = {
  Space: "play", KeyK: "play", KeyJ: "back", KeyL: "on", ArrowLeft: "back", ArrowRight: "on", Comma: "frame-back", Period: "frame",
  Equal: "faster", NumpadAdd: "faster", Minus: "slower", NumpadSubtract: "slower", KeyT: "tracks", KeyP: "pick", KeyF: "full", Escape: "close",
};

/**
 * @param {{map: L.Map, requestId: number, cameras: Object, state: Object, firstMoment: () => (Date|null)}} options  `state`: of the
 *   request; `firstMoment`: where to begin when nobody says
 */
export function addVideo({ map, requestId, cameras, state, firstMoment }) {
  const box = byId("video-box");
  const grid = byId("video-grid");
  const split = addSplit(box);
  followFootage(map, cameras);
  let tiles = [];
  let active = null;
  let large = null;
  let at = 0;
  let rate = 1;
  let isPlaying = false;
  let isShowingTracks = false;
  let ticked = 0;
  let turning = 0;
  let steps = 0;
  let stepping = Promise.resolve();
  let pick = null;
  let popup = null;
  let noteTimer = 0;
  const bar = addBar({ tiles: () => tiles, now: () => at, onSeek: seek });
  const tell = throttle(() => {
    if (active) document.dispatchEvent(new CustomEvent("footage:time", { detail: { camera: active.row.id, at: new Date(at).toISOString() } }));
  }, 260);

  // ── Opening ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** From "footage:open": with a moment these cameras alone, without one this camera beside what is open. */
  function open({ camera, at: when, cameras: ids = [], play = false }) {
    const wanted = [...new Set([camera, ...ids])].filter((id) => cameras.get(id)).slice(0, MOST_TILES);
    if (!wanted.length) return errorToast(gettext("This camera is not among yours."));
    const isAdding = !when && !ids.length && tiles.length > 0;
    if (when || !tiles.length) at = when ? Date.parse(when) : firstOf(cameras.get(wanted[0]));
    if (!isAdding) for (const tile of tiles.filter((one) => !wanted.includes(one.row.id))) remove(tile);
    box.hidden = false;
    split.show();
    for (const id of wanted) if (!tiles.some((tile) => tile.row.id === id)) add(id);
    activate(tiles.find((tile) => tile.row.id === camera) ?? tiles[0]);
    seek(at);
    if (play) start();
    return box.focus({ preventScroll: true });
  }

  /** Where to begin on a camera: where it was last seen or searched, if recorded then, else a little before its end. */
  function firstOf(row) {
    const [from, until] = [Date.parse(row.recorded_from), Date.parse(row.recorded_until)];
    const first = firstMoment()?.getTime();
    if (first >= from && first < until) return first;
    return Number.isNaN(until) ? first ?? Date.now() : Math.max(from, until - 60_000);
  }

  function add(id) {
    if (tiles.length >= MOST_TILES) return toast(interpolate(gettext("At most %s cameras at once."), [MOST_TILES]));
    const tile = createTile(cameras.get(id), {
      requestId, onSeek: seek, onChange: onTile, onTrack, onClose: remove, onLarge: enlarge,
    });
    tile.element.addEventListener("pointerdown", () => activate(tile), true);
    tile.element.addEventListener("focusin", () => activate(tile));
    tile.tracks.turn(isShowingTracks);
    tiles.push(tile);
    grid.append(tile.element);
    return arrange();
  }

  function remove(tile) {
    if (!tiles.includes(tile)) return;
    if (active === tile) endPick();
    tile.close();
    tiles = tiles.filter((one) => one !== tile);
    if (large === tile) large = null;
    if (active === tile) activate(tiles[0] ?? null);
    arrange();
    if (!tiles.length) close();
  }

  function enlarge(tile) {
    large = large === tile ? null : tile;
    arrange();
  }

  function activate(tile) {
    if (active === tile) return;
    endPick();
    active = tile;
    for (const one of tiles) one.element.classList.toggle("active", one === tile);
  }

  function arrange() {
    grid.dataset.count = [1, 2, 4, 6, 9].find((size) => tiles.length <= size) ?? MOST_TILES;
    grid.classList.toggle("has-large", Boolean(large) && tiles.length > 1);
    for (const tile of tiles) tile.element.classList.toggle("large", tile === large);
    bar.load();
    listOthers();
  }

  /** The chosen cameras that are not shown, the nearest first. */
  function listOthers() {
    const here = active?.row ?? tiles[0]?.row;
    const away = (row) => (here ? Math.hypot(row.latitude - here.latitude, (row.longitude - here.longitude) * 0.8) : 0);
    const rows = [...cameras.chosen].map(cameras.get).filter((row) => row?.recorded_from && !tiles.some((tile) => tile.row.id === row.id));
    const nearest = rows.sort((a, b) => away(a) - away(b)).slice(0, NEAREST_LISTED);
    const [first] = byId("video-add").options;
    byId("video-add").replaceChildren(first, ...nearest.map((row) => h("option", { value: row.id }, `${row.name} (${row.code})`)));
    byId("video-add").disabled = !nearest.length || tiles.length >= MOST_TILES;
  }

  function close() {
    pause();
    endPick();
    closePopup();
    for (const tile of tiles) tile.close();
    [tiles, active, large] = [[], null, null];
    box.hidden = true;
    bar.mark([]);
    split.hide();
  }

  // ── The shared clock ──────────────────────────────────────────────────────────────────────────────────────────────

  function seek(moment, { isOpening = true } = {}) {
    endPick();
    at = moment;
    for (const tile of tiles) tile.show(at, { isOpening });
    ticked = performance.now();
    showTime();
  }

  function start() {
    if (!tiles.length) return;
    endPick();
    isPlaying = true;
    ticked = performance.now();
    showPlay();
    cancelAnimationFrame(turning);
    turning = requestAnimationFrame(tick);
  }

  function pause() {
    const wasStills = isPlaying && tiles.some((tile) => tile.state === "ready" && tile.isStills(rate));
    isPlaying = false;
    for (const tile of tiles) tile.video.pause();
    if (wasStills) seek(at);
    showPlay();
  }

  function tick(now) {
    if (!isPlaying) return;
    const passed = Math.min(1000, Math.max(0, now - ticked));
    ticked = now;
    for (const tile of tiles) if (tile.state !== "loading" && tile.state !== "error" && !tile.covers(at)) tile.show(at);
    const live = tiles.filter((tile) => tile.covers(at));
    if (live.length) advance(live, passed);
    else if (!tiles.some((tile) => tile.state === "loading")) skipGap();
    showTime();
    turning = requestAnimationFrame(tick);
  }

  function advance(live, passed) {
    const playing = live.filter((tile) => !tile.isStills(rate));
    const isHeld = tiles.some((tile) => tile.state === "loading") || playing.some((tile) => tile.isStuck);
    for (const tile of live) if (!playing.includes(tile)) tile.still(at);
    if (isHeld) {
      // Who has its pictures waits for who has not: they stay in step.
      for (const tile of playing) if (!tile.isStuck) tile.video.pause(); else tile.play(rate);
      return;
    }
    const [lead, ...rest] = playing;
    if (!lead) at += passed * rate;
    else {
      lead.play(rate);
      at = lead.at;
    }
    for (const tile of rest) follow(tile);
  }

  function follow(tile) {
    const apart = (tile.at - at) / 1000;
    if (Math.abs(apart) > MOVE_S * Math.max(1, rate)) tile.show(at);
    else tile.play(Math.abs(apart) > NUDGE_S ? rate * (1 - Math.max(-0.3, Math.min(0.3, apart))) : rate);
  }

  /** Nobody recorded now: go on where somebody did. */
  function skipGap() {
    const next = Math.min(...tiles.map((tile) => tile.later ?? Infinity));
    if (!Number.isFinite(next)) {
      pause();
      return tiles.some((tile) => tile.state === "none") && note(gettext("The recordings end here."));
    }
    const gap = (next - at) / 1000;
    if (gap > SILENT_GAP_S) note(interpolate(gettext("%s without a recording skipped."), [duration(gap)]));
    return seek(next);
  }

  /** One step after the other, as they were asked for. */
  function step(direction) {
    if (steps >= MOST_STEPS) return;
    steps += 1;
    stepping = stepping.then(() => stepOnce(direction)).catch(() => {}).finally(() => { steps -= 1; }); // closed meanwhile
  }

  async function stepOnce(direction) {
    if (isPlaying) pause();
    endPick();
    const moment = await active?.step(direction);
    if (!moment) return;
    at = moment;
    for (const tile of tiles) if (tile !== active) tile.show(at);
    showTime();
  }

  function setRate(value) {
    rate = value;
    byId("video-speed").value = String(value);
    if (!isPlaying) return;
    for (const tile of tiles) tile.video.playbackRate = rate;
    seek(at);
  }

  // ── What is shown ─────────────────────────────────────────────────────────────────────────────────────────────────

  function showTime() {
    if (box.hidden) return;
    const field = byId("video-at");
    if (document.activeElement !== field) field.value = clock(at);
    byId("video-day").textContent = day(at);
    for (const tile of tiles) tile.label(at, isPlaying);
    bar.show();
    tell();
  }

  function showPlay() {
    const button = box.querySelector("[data-act=play]");
    button.setAttribute("aria-label", isPlaying ? gettext("Pause") : gettext("Play"));
    button.replaceChildren(icon(isPlaying ? "pause" : "play"));
  }

  function onTile(tile) {
    if (tile.state === "ready" && isPlaying) ticked = performance.now();
    showTime();
  }

  function note(text) {
    clearTimeout(noteTimer);
    byId("video-note").textContent = text;
    noteTimer = setTimeout(() => { byId("video-note").textContent = ""; }, 8000);
  }

  function showTracks(isOn) {
    isShowingTracks = isOn;
    box.querySelector("[data-act=tracks]").setAttribute("aria-pressed", String(isOn));
    for (const tile of tiles) tile.tracks.turn(isOn);
    if (isOn && active?.footage && !active.footage.recording.is_analysed) note(gettext("This recording is not analysed yet: no tracks."));
  }

  // ── A track that was clicked ──────────────────────────────────────────────────────────────────────────────────────

  function onTrack(tile, track, event) {
    closePopup();
    if (!track) return;
    const begins = Date.parse(tile.footage.recording.started_at);
    const name = `${tile.row.name} ${clock(begins + tile.shownS * 1000)}`;
    const search = () => {
      const detail = { kind: "sighting", sighting: track.sighting, url: `/pictures/sightings/${track.sighting}.jpg`, name };
      document.dispatchEvent(new CustomEvent("query:add", { detail }));
      closePopup();
    };
    const times = h("div", { class: "track-times" });
    const all = async () => {
      try {
        const rows = await get(around(tile));
        const spans = spansOf(rows.find((row) => row.sighting === track.sighting)?.boxes ?? []).map((span) => span.map((s) => begins + s * 1000));
        bar.mark(spans);
        times.replaceChildren(...spans.map(([from, until]) => h("button", { type: "button", class: "chip", onclick: () => seek(from) },
          timeElement(from, { withDay: false }), ` – ${clock(until)}`)));
      } catch (error) {
        errorToast(error);
      }
    };
    const area = box.getBoundingClientRect();
    popup = h("div", { class: "track-pop", role: "dialog", "aria-label": interpolate(gettext("Sighting %s"), [track.sighting]), style: {
      left: `${Math.min(event.clientX - area.left, area.width - 230)}px`, top: `${Math.max(4, Math.min(event.clientY - area.top, area.height - 130))}px` } },
      h("b", {}, interpolate(gettext("Sighting %s"), [track.sighting])),
      h("button", { type: "button", class: "button small", onclick: search, disabled: box.querySelector("[data-act=pick]").disabled }, icon("target"), gettext("Search from this")),
      h("button", { type: "button", class: "button small", onclick: all }, icon("clock"), gettext("Show all its times")), times);
    box.append(popup);
    popup.querySelector("button:enabled").focus();
  }

  function closePopup() {
    if (!popup) return;
    popup.remove();
    popup = null;
    box.focus({ preventScroll: true });
  }

  // ── Whether footage may be opened ─────────────────────────────────────────────────────────────────────────────────

  /** Once the request has ended no control could do anything; the tiles say why. It may be opened again. */
  function heed() {
    const isShut = !state.scope().isSearchable;
    if (box.classList.contains("shut") === isShut) return;
    pause();
    box.classList.toggle("shut", isShut);
    box.querySelector("[data-act=pick]").disabled = isShut;
    for (const tile of tiles) tile.open(at);
  }

  // ── Acts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  function togglePick() {
    if (pick) return endPick();
    if (isPlaying) pause();
    if (active?.state !== "ready") return note(gettext("There is no picture to pick from."));
    pick = startPick(active, { requestId, head: box.querySelector(".video-head"), onDone: () => { pick = null; pressed("pick", false); box.focus({ preventScroll: true }); } });
    return pressed("pick", true);
  }

  const endPick = () => pick?.close();
  const pressed = (act, isOn) => box.querySelector(`[data-act=${act}]`).setAttribute("aria-pressed", String(isOn));

  async function snapshot() {
    if (active?.state !== "ready") return note(gettext("There is no picture to save."));
    try {
      const url = active.frameUrl(active.exactS);
      const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}save=1`);
      if (!answer.ok) throw new Error(gettext("The picture could not be saved. Try again."));
      const when = Date.parse(active.footage.recording.started_at) + active.exactS * 1000;
      const name = `${active.row.code} ${day(when)} ${clock(when).replaceAll(":", "-")}.jpg`;
      const link = h("a", { href: URL.createObjectURL(await answer.blob()), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      return toast(gettext("Picture saved; it is kept in the audit trail."), { tone: "success" });
    } catch (error) {
      return errorToast(error);
    }
  }

  function leave() {
    const light = byId("video-light");
    if (light.matches(":popover-open")) return light.hidePopover();
    if (pick) return endPick();
    return popup ? closePopup() : close();
  }

  const faster = (by) => setRate(RATES[Math.min(RATES.length - 1, Math.max(0, RATES.indexOf(rate) + by))]);
  const acts = {
    play: () => (isPlaying ? pause() : start()), back: () => seek(at - 5000), on: () => seek(at + 5000), "minute-back": () => seek(at - 60_000), minute: () => seek(at + 60_000),
    frame: () => step(1), "frame-back": () => step(-1), faster: () => faster(1), slower: () => faster(-1),
    tracks: () => showTracks(!isShowingTracks), pick: togglePick, snapshot, full: () => split.toggle(), close,
  };

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return;
    if (pick?.key(event)) return void hold(event);
    const isButton = event.target.closest("button, [role=separator]");
    const act = event.key === "Escape" ? "leave" : KEYS[event.code];
    if (!act || (isButton && event.code === "Space") || (event.target === byId("video-grip") && event.key.startsWith("Arrow"))) return;
    hold(event);
    const name = event.shiftKey && { back: "minute-back", on: "minute" }[act];
    if (act === "leave") leave();
    else if (act !== "pick" || !box.querySelector("[data-act=pick]").disabled) acts[name || act]();
  }

  const hold = (event) => { event.preventDefault(); event.stopPropagation(); };

  heed();
  state.changed.on(heed);
  box.addEventListener("keydown", onKey);
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (popup && !popup.contains(event.target) && !event.target.closest(".tile-view")) closePopup();
    acts[button?.dataset.act]?.();
    // After the pointer, keys are for the video again, not for the button that was pressed.
    if (button && event.detail && !box.hidden) box.focus({ preventScroll: true });
  });
  byId("video-add").addEventListener("change", ({ target }) => {
    const id = Number(target.value);
    if (id) { add(id); seek(at); }
  });
  byId("video-add").addEventListener("pointerdown", listOthers);
  byId("video-add").addEventListener("focus", listOthers);
  byId("video-speed").addEventListener("change", ({ target }) => setRate(Number(target.value)));
  byId("video-jump").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = byId("video-at");
    const text = field.value.trim();
    const when = fromField(/^\d{1,2}:/.test(text) ? `${day(at)} ${text.padStart(text.indexOf(":") < 2 ? text.length + 1 : 0, "0")}` : text);
    field.setAttribute("aria-invalid", String(!when));
    if (!when) return note(field.title);
    box.focus({ preventScroll: true });
    return seek(when.getTime());
  });
  byId("video-at").addEventListener("keydown", (event) => event.key === "Escape" && (hold(event), box.focus()));
  byId("video-light").addEventListener("input", light);
  byId("video-light").addEventListener("beforetoggle", ({ target }) => {
    const area = box.querySelector("[data-act=light]").getBoundingClientRect();
    Object.assign(target.style, { right: `${innerWidth - area.right}px`, bottom: `${innerHeight - area.top + 8}px` });
  });
  byId("video-light").addEventListener("reset", () => setTimeout(light));
  function light() {
    const { brightness, contrast } = byId("video-light").elements;
    grid.style.setProperty("--light", `brightness(${brightness.value}%) contrast(${contrast.value}%)`);
    pressed("light", brightness.value !== "100" || contrast.value !== "100");
  }
  // In a tab that nobody sees nothing plays and nothing is fetched.
  document.addEventListener("visibilitychange", () => {
    for (const tile of tiles) if (document.hidden) tile.video.pause(); else tile.show(at, { isOpening: false });
  });
  return { open, close };
}

/** The tracks of some minutes before and after, as many as the portal gives at once. */
function around({ footage, shownS }) {
  const url = new URL(footage.tracks, location.href);
  url.searchParams.set("from_s", Math.max(0, shownS - LONGEST_TRACKS_S / 2));
  url.searchParams.set("until_s", Math.max(0, shownS - LONGEST_TRACKS_S / 2) + LONGEST_TRACKS_S);
  return url;
}

/** Times in view, from the times of the boxes: two seconds without one begin another. */
function spansOf(boxes) {
  const spans = [];
  for (const [time] of boxes) {
    const last = spans.at(-1);
    if (last && time - last[1] <= 2) last[1] = time;
    else spans.push([time, time]);
  }
  return spans;
}
