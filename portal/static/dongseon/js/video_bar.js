/** The bar below the video: some hours, what each camera shown recorded in them, and the moment that is shown. */
import { get } from "./api.js";
import { byId, token } from "./dom.js";
import { clock, day } from "./format.js";
import { themeChanged } from "./page.js";

// Korean days begin at a round number of hours, but not of the universal clock's days.
const ZONE_MS = 9 * 3600_000;
const PREVIEW_MS = 180;
const TICKS_S = [60, 300, 600, 3600, 7200, 14_400];

/**
 * @param {{tiles: () => Object[], now: () => number, onSeek: (at: number, options?: Object) => void}} options
 * @returns {{show: () => void, load: () => void, mark: (spans: number[][]) => void}}
 */
export function addBar({ tiles, now, onSeek }) {
  const [line, select, hover] = [byId("video-line"), byId("video-span"), byId("video-hover")];
  const [canvas, mark, preview] = [line.querySelector("canvas"), line.querySelector("i"), hover.querySelector("img")];
  let from = 0;
  let coverage = new Map();
  let marked = [];
  let asked = "";
  let timer = 0;
  let isPulled = false;

  const length = () => select.value * 1000;
  const timeOf = (event) => {
    const area = line.getBoundingClientRect();
    return from + Math.min(1, Math.max(0, (event.clientX - area.left) / area.width)) * length();
  };

  /** Keep the moment in view: the hours shown are whole ones. */
  function show() {
    const at = now();
    const begins = Math.floor((at + ZONE_MS) / length()) * length() - ZONE_MS;
    if (begins !== from) {
      from = begins;
      load();
    }
    mark.style.left = `${((at - from) / length()) * 100}%`;
    const text = `${day(at)} ${clock(at)}`;
    if (line.ariaValueText === text) return;
    Object.assign(line, { ariaValueMax: length() / 1000, ariaValueNow: Math.round((at - from) / 1000), ariaValueText: text });
  }

  async function load() {
    const cameras = tiles().map((tile) => tile.row.id);
    const query = new URLSearchParams({ cameras, from: new Date(from).toISOString(), until: new Date(from + length()).toISOString(), merge: true });
    if (asked === String(query) || !cameras.length) return draw();
    asked = String(query);
    try {
      const rows = await get(`/api/coverage/?${query}`);
      if (asked === String(query)) coverage = new Map(rows.map((row) => [row.camera, row.spans]));
    } catch {
      asked = ""; // the bar still seeks; what was recorded is drawn once the portal answers again
    }
    return draw();
  }

  function draw() {
    const [width, height, dot] = [line.clientWidth, line.clientHeight, devicePixelRatio];
    Object.assign(canvas, { width: width * dot, height: height * dot });
    const pen = canvas.getContext("2d");
    pen.scale(dot, dot);
    const x = (when) => ((when - from) / length()) * width;
    drawTicks(pen, x, height);
    const rows = tiles().map((tile) => coverage.get(tile.row.id) ?? []);
    const lane = Math.min(8, (height - 14) / Math.max(1, rows.length));
    const block = (start, end, top, deep) => pen.fillRect(x(start), top, Math.max(1, x(end) - x(start)), deep);
    rows.forEach((spans, at) => {
      for (const span of spans) {
        pen.fillStyle = token(span.state === "analysed" ? "--accent" : "--line-strong");
        block(Date.parse(span.from), Date.parse(span.until), 1 + at * lane, Math.max(1, lane - 1));
      }
    });
    pen.fillStyle = token("--map-path");
    for (const [start, end] of marked) block(start, end, height - 15, 3);
  }

  function drawTicks(pen, x, height) {
    const step = TICKS_S.find((seconds) => x(from + seconds * 1000) >= 64) * 1000 || length();
    Object.assign(pen, { fillStyle: token("--muted"), font: `10px ${token("--font")}` });
    for (let at = from; at < from + length(); at += step) {
      pen.fillRect(x(at), height - 12, 1, 3);
      pen.fillText(clock(at).slice(0, 5), x(at) + 4, height - 2);
    }
  }

  function peek(event) {
    const at = timeOf(event);
    const area = line.getBoundingClientRect();
    hover.hidden = false;
    hover.lastElementChild.textContent = clock(at);
    hover.style.left = `${Math.min(area.width - 70, Math.max(70, event.clientX - area.left))}px`;
    clearTimeout(timer);
    const tile = tiles().find((one) => one.covers(at));
    preview.hidden ||= !tile;
    timer = setTimeout(() => {
      if (!tile?.covers(at) || hover.hidden) return;
      preview.onload = () => { preview.hidden = false; };
      preview.src = tile.frameUrl((at - Date.parse(tile.footage.recording.started_at)) / 1000);
    }, PREVIEW_MS);
  }

  function leave() {
    clearTimeout(timer);
    hover.hidden = preview.hidden = true;
    preview.removeAttribute("src");
  }

  line.addEventListener("pointerdown", (event) => {
    isPulled = true;
    line.setPointerCapture(event.pointerId);
    onSeek(timeOf(event), { isOpening: false });
  });
  line.addEventListener("pointermove", (event) => {
    peek(event);
    if (isPulled) onSeek(timeOf(event), { isOpening: false });
  });
  line.addEventListener("pointerup", (event) => {
    if (isPulled) onSeek(timeOf(event));
    isPulled = false;
  });
  line.addEventListener("pointerleave", leave);
  preview.addEventListener("error", () => { preview.hidden = true; });
  select.addEventListener("change", () => { from = 0; show(); });
  themeChanged.on(draw);
  new ResizeObserver(() => line.clientWidth && draw()).observe(line);
  return { show, load, mark(spans) { marked = spans; draw(); } };
}
