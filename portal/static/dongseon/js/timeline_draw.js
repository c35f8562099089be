/** Draws a timeline on a canvas: its ruler, hours and moments. Times are ms, places px. */
import { token } from "./dom.js";
import { clock, day } from "./format.js";

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// Korea keeps UTC+9: days and hours of the ruler begin there.
const OFFSET = 9 * HOUR;
const STEPS = [MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
const LABEL_PX = 58;
export const RULER = 20;
export const DENSITY = 26;
export const ROW = 18;

/** Colours of the theme in force; made anew when it changes. */
export function makeInk() {
  const colour = (name) => token(`--${name}`);
  const ink = Object.fromEntries(["text", "muted", "line", "surface", "sunken", "accent", "accent-soft", "bad", "warn", "line-strong", "map-path", "hover"]
    .map((name) => [name, colour(name)]));
  ink.font = `11px ${colour("font")}`;
  return ink;
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
