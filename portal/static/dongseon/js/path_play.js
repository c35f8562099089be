/** The clips along the path, one after another over the map, with a marker that goes from stop to stop. */
import "/jsi18n/later/";
import { byId, h, icon } from "./dom.js";
import { clock, day } from "./format.js";
import { isStill } from "./map.js";
import { placeOf } from "./stays.js";

const WALK_MS = 1400;
const PICTURE_MS = 2500;
const BESIDE_PX = 350;
const SPEEDS = [0.5, 1, 2, 4];

/**
 * @param {L.Map} map
 * @param {{onStop: (number: number) => void}} options
 */
export function createPlayer(map, { onStop }) {
  const walker = L.marker([0, 0], { interactive: false, keyboard: false, zIndexOffset: 2000,
    icon: L.divIcon({ className: "path-walker", iconSize: [36, 36] }) });
  const video = h("video", { muted: true, playsinline: true, preload: "auto" });
  const image = h("img", { alt: "", hidden: true });
  const title = h("p", { class: "player-title", role: "status" });
  const note = h("p", { class: "player-note", hidden: true });
  const line = h("i");
  const button = (name, label, act) => h("button", { type: "button", class: "icon-button", title: label, "aria-label": label, onclick: act }, icon(name));
  const toggle = button("pause", gettext("Pause"), () => setPlaying(!state.isPlaying));
  const speed = h("select", { "aria-label": gettext("Speed"), onchange: () => setRate(Number(speed.value)) },
    ...SPEEDS.map((rate) => h("option", { value: rate, selected: rate === 1 }, `${rate}×`)));
  const box = h("section", { class: "path-player", hidden: true, "aria-label": gettext("Clips along the path"), onkeydown: onKey },
    h("div", { class: "player-picture" }, video, image, note, h("span", { class: "player-line" }, line)), title,
    h("div", { class: "player-controls" }, button("step", gettext("The stop before"), () => go(state.at - 1)), toggle,
      button("step", gettext("The next stop"), () => go(state.at + 1)), speed, h("span", { class: "spacer" }),
      button("camera", gettext("Open in the video"), openVideo), button("close", gettext("Close"), close)));
  byId("map").parentElement.append(box);
  const state = { points: [], at: 0, isPlaying: false, rate: 1, turn: 0, timer: 0, frame: 0 };

  function play(points, number = null) {
    if (!points.length) return;
    state.points = points;
    if (box.hidden) {
      box.hidden = false;
      toggle.focus({ preventScroll: true });
    }
    go(Math.max(0, points.findIndex((point) => point.number === number)), true);
  }

  /** Stand at a stop and show its clip; where there is none, its picture for a while. */
  function go(at, isPlaying = state.isPlaying) {
    if (at < 0 || at >= state.points.length) return;
    halt();
    Object.assign(state, { at, isPlaying });
    const { sighting, number } = state.points[at];
    title.replaceChildren(h("b", { class: "path-number" }, String(number)),
      h("span", {}, sighting.camera_name), h("time", {}, `${day(sighting.first_seen_at)} ${clock(sighting.first_seen_at)}`));
    walker.setLatLng(placeOf(state.points[at])).addTo(map);
    follow(placeOf(state.points[at]));
    onStop(number);
    line.style.width = "0";
    note.hidden = image.hidden = true;
    video.hidden = false;
    video.poster = sighting.picture ?? "";
    if (!sighting.clip) return showPicture();
    video.src = sighting.clip;
    video.playbackRate = state.rate;
    return setPlaying(isPlaying);
  }

  function showPicture() {
    const { sighting } = state.points[state.at];
    [video.hidden, image.hidden, note.hidden] = [true, !sighting.picture, false];
    if (sighting.picture) image.src = sighting.picture;
    note.textContent = gettext("There is no clip of this: its footage is gone or cannot be read.");
    setPlaying(state.isPlaying);
  }

  function setPlaying(isPlaying) {
    state.isPlaying = isPlaying;
    const label = isPlaying ? gettext("Pause") : gettext("Play");
    toggle.replaceChildren(icon(isPlaying ? "pause" : "play"));
    toggle.title = label;
    toggle.setAttribute("aria-label", label);
    clearTimeout(state.timer);
    if (!isPlaying) return void video.pause();
    if (video.hidden) state.timer = setTimeout(next, PICTURE_MS / state.rate);
    else if (video.ended) go(0, true);
    else video.play().catch(() => {}); // its error is told by the event
  }

  /** On to the next stop: the marker walks there, unless the person asked for less motion. */
  function next() {
    const [from, to] = [state.points[state.at], state.points[state.at + 1]];
    if (!to) return void setPlaying(false);
    const place = placeOf(to);
    follow(place);
    const start = performance.now();
    const turn = state.turn;
    const step = (now) => {
      if (turn !== state.turn) return;
      const share = isStill() ? 1 : Math.min(1, (now - start) * state.rate / WALK_MS);
      const [a, b] = [placeOf(from), place];
      walker.setLatLng([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
      if (share < 1) state.frame = requestAnimationFrame(step);
      else go(state.at + 1, true);
    };
    state.frame = requestAnimationFrame(step);
  }

  /** Into view, and not under the player. */
  const follow = (place) => map.panInside(place, { paddingTopLeft: [BESIDE_PX, 70], paddingBottomRight: [70, 60], animate: !isStill() });

  function halt() {
    state.turn += 1;
    cancelAnimationFrame(state.frame);
    clearTimeout(state.timer);
  }

  function setRate(rate) {
    state.rate = video.playbackRate = rate;
    speed.value = rate;
  }

  function close() {
    halt();
    setPlaying(false);
    video.removeAttribute("src");
    video.load();
    box.hidden = true;
    walker.remove();
    byId("path-play").focus();
  }

  function openVideo() {
    const { sighting } = state.points[state.at];
    setPlaying(false);
    document.dispatchEvent(new CustomEvent("footage:open", { detail: { camera: sighting.camera, at: sighting.first_seen_at, play: true } }));
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === speed) return;
    const faster = (by) => setRate(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(state.rate) + by))]);
    const acts = { KeyK: () => setPlaying(!state.isPlaying), ArrowLeft: () => go(state.at - 1), ArrowRight: () => go(state.at + 1),
      ArrowUp: () => faster(1), ArrowDown: () => faster(-1), Escape: close };
    if (event.code === "Space" && event.target.closest("button") === null) acts.Space = acts.KeyK;
    event.stopPropagation(); // the page's own keys decide about candidates
    if (!acts[event.code]) return;
    event.preventDefault();
    acts[event.code]();
  }

  video.addEventListener("ended", () => state.isPlaying && next());
  video.addEventListener("error", () => video.getAttribute("src") && !box.hidden && showPicture());
  video.addEventListener("timeupdate", () => { line.style.width = `${(100 * video.currentTime) / (video.duration || 1)}%`; });

  return { play };
}
