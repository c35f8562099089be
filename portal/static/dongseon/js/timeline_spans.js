/** What cameras recorded and what of it is analysed: drawn on a timeline, and said. Times are ms, places px. */
import "/jsi18n/later/";
import { assess } from "./coverage.js";
import { h } from "./dom.js";
import { clock, percent, shortWhen } from "./format.js";
import { DENSITY, ROW, RULER } from "./timeline_draw.js";

const SOON_MS = 3 * 24 * 3600000;
const DEPTH = { recorded: 0, failed: 1, analysing: 2, analysed: 3 };

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

/** Patterns in the colours of `ink`, kept with them. */
function patternsOf(ctx, ink) {
  const ratio = devicePixelRatio || 1;
  return ink.patterns ??= {
    fills: {
      analysed: ink.accent,
      recorded: ink.surface,
      analysing: stripes(ctx, ratio, 7, ink.warn, ink.surface, 3),
      failed: stripes(ctx, ratio, 5, ink.bad, ink.surface, 1.4, true),
    },
    edges: { analysed: ink.accent, recorded: ink["line-strong"], analysing: ink.warn, failed: ink.bad },
    going: stripes(ctx, ratio, 6, ink.text, "", 1.6),
  };
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

/** The rows from `first` up to `last`, `scrolled` px down; the one at `current` is where keys are. */
export function drawRows(ctx, ink, model, { first, last, current, scrolled, ...place }) {
  const { left, width, height } = place;
  const now = Date.now();
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, RULER + DENSITY, width, height);
  ctx.clip();
  ctx.textBaseline = "middle";
  for (let number = first; number < last; number += 1) {
    const row = model.rows[number];
    const top = RULER + DENSITY + number * ROW - scrolled;
    if (number === current) { ctx.fillStyle = ink.hover; ctx.fillRect(0, top, left, ROW); }
    const spans = model.spansOf.get(row.id);
    if (spans) drawRow(ctx, ink, spans, { ...place, top: top + 3, tall: ROW - 6, now });
    drawName(ctx, ink, row, spans, { top, left });
  }
  ctx.restore();
  ctx.fillStyle = ink.line;
  ctx.fillRect(0, RULER + DENSITY - 1, width, 1);
  ctx.fillRect(left - 1, 0, 1, height);
}

function drawName(ctx, ink, row, spans, { top, left }) {
  ctx.font = ink.font;
  ctx.fillStyle = spans && !spans.length ? ink.muted : ink.text;
  let text = row.name;
  const most = left - 14;
  while (text.length > 2 && ctx.measureText(text).width > most) text = `${text.slice(0, -2)}…`;
  ctx.fillText(text, 8, top + ROW / 2 + 0.5);
  if (!spans || spans.length) return;
  ctx.fillText(gettext("no recording"), left + 6, top + ROW / 2 + 0.5);
}

/** One camera's recordings. Spans that fall on one px are drawn once, the least analysed of them. */
function drawRow(ctx, ink, spans, { from, until, left, width, top, tall, at, now }) {
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
  ctx.fillStyle = patternsOf(ctx, ink).fills[span.state];
  ctx.fillRect(start, top, end - start, tall);
  if (span.state === "analysing") {
    ctx.fillStyle = ink.accent;
    ctx.fillRect(start, top, (end - start) * (span.progress ?? 0), tall);
  }
  if (end - start < 3 || span.state === "analysed") return;
  ctx.strokeStyle = patternsOf(ctx, ink).edges[span.state];
  ctx.strokeRect(start + 0.5, top + 0.5, end - start - 1, tall - 1);
}

/** What is about to be destroyed: hatched, and where there is room the time in words. */
function going(ctx, ink, span, { start, end, top, tall }) {
  ctx.fillStyle = patternsOf(ctx, ink).going;
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

/** What a camera recorded of the search's hours, in words. */
export function rowText(row, model) {
  const spans = model.spansOf.get(row.id);
  const { from, until } = model.range ?? model.window;
  if (!spans) return `${row.name}: ${gettext("Loading…")}`;
  const found = assess(model.spansOf, [row.id], from, until);
  const text = found.silent.length ? gettext("recorded nothing in these hours") : found.whole.length
    ? gettext("recorded all of these hours") : gettext("recorded a part of these hours");
  return `${row.name}: ${text}${found.unread.length ? `, ${gettext("not analysed everywhere")}` : ""}`;
}

/** What the tip says of the span under the pointer. */
export function about({ row, span, at }) {
  return [h("b", {}, row.name), h("span", {}, `${shortWhen(span.from)} – ${shortWhen(span.until)}`),
    h("span", {}, [stateText(span), clock(at)].join(" · ")),
    h("span", {}, span.keptUntil === null ? gettext("held for a case") : interpolate(gettext("destroyed %s"), [shortWhen(span.keptUntil)]))];
}

const stateText = ({ state, progress, recordings }) => ({
  analysed: gettext("analysed"), recorded: gettext("recorded, not analysed"), failed: gettext("analysis failed"),
  analysing: progress ? interpolate(gettext("being analysed, %s"), [percent(progress)]) : gettext("waits to be analysed"),
}[state] + (recordings > 1 ? ` (${interpolate(ngettext("%s recording", "%s recordings", recordings), [recordings])})` : ""));
