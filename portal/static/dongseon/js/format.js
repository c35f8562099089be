/** Numbers and times as people read them. All times are Korean time, in 24 hours. */
import { h } from "./dom.js";

const ZONE = "Asia/Seoul";
// Korea has kept UTC+9 without summer time since 1988.
const OFFSET = "+09:00";
const parts = new Intl.DateTimeFormat("en-CA", {
  timeZone: ZONE, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

function split(when) {
  return Object.fromEntries(parts.formatToParts(new Date(when)).map((part) => [part.type, part.value]));
}

/** 14:03:09 */
export function clock(when) {
  const at = split(when);
  return `${at.hour}:${at.minute}:${at.second}`;
}

/** 2026-11-24 */
export function day(when) {
  const at = split(when);
  return `${at.year}-${at.month}-${at.day}`;
}

/** 11-24 14:03 */
export function shortWhen(when) {
  const at = split(when);
  return `${at.month}-${at.day} ${at.hour}:${at.minute}`;
}

/** A <time> element: the clock, and the date in a quieter voice. */
export function timeElement(when, { withDay = true } = {}) {
  return h("time", { datetime: new Date(when).toISOString(), title: `${day(when)} ${clock(when)}` },
    h("b", {}, clock(when)), withDay && h("span", {}, ` ${day(when)}`));
}

/** 2026-11-24T14:03:09, the value of a datetime-local field for a moment, in Korean time. */
export const toField = (when) => `${day(when)}T${clock(when)}`;

/** The moment that "2026-11-24 14:03[:09]" means in Korean time (a T may stand for the space); null if it means none. */
export function fromField(value) {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?/.exec(value.trim());
  const when = match && new Date(`${match[1]}T${match[2]}${match[3] ?? ":00"}${OFFSET}`);
  return when && !Number.isNaN(when.getTime()) ? when : null;
}

/** 85 m, 1.2 km */
export function metres(value) {
  if (value === null || value === undefined) return "";
  return value < 1000 ? `${Math.round(value)} m` : `${(value / 1000).toFixed(value < 10000 ? 1 : 0)} km`;
}

/** 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
export function duration(seconds) {
  const s = Math.round(seconds);
  const units = [[86400, gettext("%s d")], [3600, gettext("%s h")], [60, gettext("%s min")], [1, gettext("%s s")]];
  const first = Math.max(0, units.findIndex(([size]) => s >= size || size === 1));
  const [[size, name], next] = [units[first], units[first + 1]];
  const rest = next ? Math.floor((s % size) / next[0]) : 0;
  const text = interpolate(name, [Math.floor(s / size)]);
  return rest ? `${text} ${interpolate(next[1], [rest])}` : text;
}

/** 4.3 km/h: people know how fast they walk in km/h. */
export const speed = (mps) => (mps === null || mps === undefined ? "" : `${(mps * 3.6).toFixed(mps < 10 ? 1 : 0)} km/h`);

/** 93% for 0.937, as `inference.core.figures` says it: rounded down, so that 100% is said of nothing less. */
export const percent = (share) => `${share >= 1 ? 100 : Math.min(99, Math.floor(100 * share + 0.2))}%`;

/** 0.83; a dash where there was no picture to compare with. */
export const similarity = (score) => (score === null ? "–" : score.toFixed(2));

const MOST_IN = 1000;

/** "1 in 40 wrong" for a chance of 0.025 that it is somebody else; "8 in 10 wrong" for one of 0.8. */
export function oddsText(odds) {
  if (odds * MOST_IN < 1) return interpolate(gettext("1 in %s wrong"), [`${MOST_IN}+`]);
  if (odds > 0.5) return interpolate(gettext("%s in 10 wrong"), [Math.min(9, Math.round(odds * 10))]);
  const many = 1 / odds;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(many)) - 1); // two figures are as much as is known
  return interpolate(gettext("1 in %s wrong"), [Math.round(many / step) * step]);
}
