/** Draws a timeline on a canvas: ruler, density of many cameras, a row for each camera. Times are ms, places px. */
import { token } from "./dom.js";
import { clock, day, shortWhen } from "./format.js";

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Korea keeps UTC+9: days and hours of the ruler begin there.
const OFFSET = 9 * HOUR;
const STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
const LABEL_PX = 58;
const SOON_MS = 3 * DAY;
export const RULER = 20;
const DEPTH = { recorded: 0, failed: 1, analysing: 2, analysed: 3 };

/** Colours and patterns of the theme in force; made anew when it changes. */
export function makeInk(ctx, ratio) {
  const colour = (name) => token(`--${name}`);
  const ink = Object.fromEntries(["text", "muted", "line", "surface", "sunken", "accent", "accent-soft", "bad", "warn", "line-strong", "map-path", "hover"]
    .map((name) => [name, colour(name)]));
  ink.font = `11px ${colour("font")}`;
  ink.fills = {
    analysed: ink.accent,
    recorded: ink.surface,
    analysing: stripes(ctx, ratio, 7, ink.warn, ink.surface, 3),
    failed: stripes(ctx, ratio, 5, ink.bad, ink.surface, 1.4, true),
  };
  ink.edges = { analysed: ink.accent, recorded: ink["line-strong"], analysing: ink.warn, failed: ink.bad };
  ink.going = stripes(ctx, ratio, 6, ink.text, "", 1.6);
  return ink;
}

/** Slanted lines, crossed where `isCrossed`. */
function stripes(ctx, ratio, size, colour, ground, width, isCrossed = false) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(size * ratio);
  const paint = tile.getContext("2d");
  const edge = tile.width;
  if (ground) { paint.fillStyle = ground; paint.fillRect(0, 0, edge, edge); }
  paint.strokeStyle = colour;
  paint.lineWidth = width * ratio;
  paint.beginPath();
  for (const shift of [-edge, 0, edge]) {
    paint.moveTo(shift, edge); paint.lineTo(shift + edge, 0);
    if (isCrossed) { paint.moveTo(shift, 0); paint.lineTo(shift + edge, edge); }
  }
  paint.stroke();
  const pattern = ctx.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

/** The first of STEPS whose marks stand far enough apart. */
const stepFor = (msPerPx) => STEPS.find((step) => step / msPerPx >= LABEL_PX) ?? 28 * DAY;

export function drawRuler(ctx, ink, { from, until, left, width, height, at }) {
  const step = stepFor((until - from) / (width - left));
  const first = Math.ceil((from + OFFSET) / step) * step - OFFSET;
  ctx.font = ink.font;
  ctx.textBaseline = "middle";
  for (let when = first; when <= until; when += step) {
    const x = Math.round(at(when)) + 0.5;
    const isDay = (when + OFFSET) % DAY === 0;
    ctx.strokeStyle = ink[isDay ? "line-strong" : "line"];
    ctx.beginPath();
    ctx.moveTo(x, RULER - (isDay ? 8 : 4));
    ctx.lineTo(x, height);
    ctx.stroke();
    ctx.fillStyle = ink[isDay ? "text" : "muted"];
    ctx.fillText(isDay ? day(when).slice(5) : clock(when).slice(0, 5), x + 3, RULER / 2);
  }
  // Where no day begins in sight, the first hour says which day it is.
  if (step < DAY && Math.floor((from + OFFSET) / DAY) === Math.floor((until + OFFSET) / DAY)) {
    ctx.fillStyle = ink.text;
    const text = day(from).slice(5);
    const end = ctx.measureText(text).width + 6;
    ctx.clearRect(left, 0, end, RULER - 1);
    ctx.fillText(text, left + 3, RULER / 2);
  }
}

/** Hours outside of the scope greyed, the search's hours in the accent's colour. */
export function drawHours(ctx, ink, { range, scope, left, width, height, at }) {
  if (scope) {
    ctx.fillStyle = ink.sunken;
    const [start, end] = [Math.max(left, at(scope.from)), Math.min(width, at(scope.until))];
    if (start > left) ctx.fillRect(left, RULER, Math.min(start, width) - left, height - RULER);
    if (end < width) ctx.fillRect(Math.max(end, left), RULER, width - Math.max(end, left), height - RULER);
  }
  if (!range) return;
  const [start, end] = [Math.max(left, at(range.from)), Math.min(width, at(range.until))];
  if (end <= start) return;
  ctx.fillStyle = ink["accent-soft"];
  ctx.fillRect(start, RULER, end - start, height - RULER);
}

/** For each px how many cameras recorded, and of these how many are analysed: two areas, one within the other. */
export function drawDensity(ctx, ink, { spansOf, ids, from, until, left, width, top, tall, at }) {
  const columns = Math.max(1, Math.ceil(width - left));
  const [recorded, analysed] = [new Int32Array(columns + 1), new Int32Array(columns + 1)];
  for (const id of ids) {
    let reached = -1;
    for (const span of spansOf.get(id) ?? []) {
      if (span.until <= from || span.from >= until) continue;
      const start = Math.max(0, Math.floor(at(span.from) - left), reached);
      const end = Math.min(columns, Math.max(start + 1, Math.round(at(span.until) - left)));
      if (end <= start) continue;
      reached = end;
      recorded[start] += 1; recorded[end] -= 1;
      if (span.state === "analysed") { analysed[start] += 1; analysed[end] -= 1; }
    }
  }
  area(ctx, recorded, ids.length, { left, top, tall, columns }, ink.sunken, ink["line-strong"]);
  area(ctx, analysed, ids.length, { left, top, tall, columns }, ink.accent, "");
}

function area(ctx, changes, most, { left, top, tall, columns }, fill, edge) {
  let count = 0;
  ctx.beginPath();
  ctx.moveTo(left, top + tall);
  for (let x = 0; x < columns; x += 1) {
    count += changes[x];
    const y = top + tall - (count / Math.max(1, most)) * (tall - 1);
    ctx.lineTo(left + x, y); ctx.lineTo(left + x + 1, y);
  }
  ctx.lineTo(left + columns, top + tall);
  ctx.fillStyle = fill;
  ctx.fill();
  if (edge) { ctx.strokeStyle = edge; ctx.stroke(); }
}

/** One camera's recordings. Spans that fall on one px are drawn once, the least analysed of them. */
export function drawRow(ctx, ink, spans, { from, until, left, width, top, tall, at, now }) {
  let [drawn, depth] = [left - 1, 0];
  for (const span of spans) {
    if (span.until <= from) continue;
    if (span.from >= until) break;
    const start = Math.max(left, Math.floor(at(span.from)));
    const end = Math.min(width, Math.max(start + 1, Math.round(at(span.until))));
    if (end <= drawn && DEPTH[span.state] >= depth) continue;
    [drawn, depth] = [end, DEPTH[span.state]];
    bar(ctx, ink, span, { start, end, top, tall });
    if (span.keptUntil !== null && span.keptUntil - now < SOON_MS) going(ctx, ink, span, { start, end, top, tall });
  }
}

function bar(ctx, ink, span, { start, end, top, tall }) {
  ctx.fillStyle = ink.fills[span.state];
  ctx.fillRect(start, top, end - start, tall);
  if (span.state === "analysing") {
    ctx.fillStyle = ink.accent;
    ctx.fillRect(start, top, (end - start) * (span.progress ?? 0), tall);
  }
  if (end - start < 3 || span.state === "analysed") return;
  ctx.strokeStyle = ink.edges[span.state];
  ctx.strokeRect(start + 0.5, top + 0.5, end - start - 1, tall - 1);
}

/** What is about to be destroyed: hatched, and where there is room the time in words. */
function going(ctx, ink, span, { start, end, top, tall }) {
  ctx.fillStyle = ink.going;
  ctx.fillRect(start, top, end - start, tall);
  const text = interpolate(gettext("destroyed %s"), [shortWhen(span.keptUntil)]);
  ctx.font = ink.font;
  const wide = ctx.measureText(text).width + 8;
  if (wide > end - start) return;
  ctx.fillStyle = ink.surface;
  ctx.fillRect(start + 2, top + 1, wide, tall - 2);
  ctx.fillStyle = ink.text;
  ctx.fillText(text, start + 6, top + tall / 2 + 0.5);
}

/** A moment that stands out: a line from the ruler down, with its name. */
export function drawMoment(ctx, ink, when, text, { left, width, height, at, colour, isDashed = false, top = 2 }) {
  const x = Math.round(at(when)) + 0.5;
  if (x < left || x > width) return;
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.setLineDash(isDashed ? [4, 3] : []);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x - 4, top); ctx.lineTo(x + 4, top); ctx.lineTo(x, top + 6);
  ctx.fill();
  if (!text) return;
  ctx.font = `600 ${ink.font}`;
  const wide = ctx.measureText(text).width;
  const start = x + wide + 12 > width ? x - wide - 8 : x + 6;
  ctx.fillStyle = ink.surface;
  ctx.fillRect(start - 2, top, wide + 4, 13);
  ctx.fillStyle = colour;
  ctx.fillText(text, start, top + 7);
}
