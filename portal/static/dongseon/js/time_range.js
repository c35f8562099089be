/** From when until when: two fields in Korean time, shortcuts, and a plain sentence in 24 hours. */
import { byId, signal } from "./dom.js";
import { clock, day, duration, fromField, toField } from "./format.js";
import { addTimeField } from "./time_field.js";

const MINUTE_MS = 60000;

/**
 * @param {{lastSeenAt: string|null, recorded: () => [Date, Date]|null}} options
 * @returns {{read: () => {from: Date, until: Date}|null, write: Function, changed: Object}}
 */
export function addTimeRange({ lastSeenAt, recorded }) {
  const [start, end] = [byId("starts-at"), byId("ends-at")];
  const changed = signal();

  function read() {
    const [from, until] = [fromField(start.value), fromField(end.value)];
    return from && until ? { from, until } : null;
  }

  function write(from, until) {
    start.value = toField(from).replace("T", " ");
    // Whole seconds only: round the end up, so that nothing at the end is left out.
    end.value = toField(Math.ceil(new Date(until).getTime() / 1000) * 1000).replace("T", " ");
    summarise();
  }

  function summarise() {
    const range = read();
    const isTurned = range && range.until <= range.from;
    byId("time-summary").classList.toggle("bad-text", Boolean(isTurned));
    byId("time-summary").textContent = !range ? gettext("Fill in both times.")
      : isTurned ? gettext("The end lies before the start.") : sentence(range);
    changed.emit();
  }

  function pick(chip) {
    const seen = lastSeenAt ? Date.parse(lastSeenAt) : null;
    const span = Number(chip.dataset.minutes) * MINUTE_MS;
    if (chip.dataset.range === "around") write(seen - span, seen + span);
    else if (chip.dataset.range === "after") write(seen, seen + span);
    else if (recorded()) write(...recorded());
  }

  for (const field of [start, end]) addTimeField(field, summarise);
  byId("time-chips").addEventListener("click", ({ target }) => target.closest("button") && pick(target.closest("button")));
  write(...standard(lastSeenAt, recorded()));
  return { read, write, changed };
}

/** Around the last time seen, cut to what was recorded; all that was recorded where these do not meet. */
function standard(lastSeenAt, span) {
  const now = Date.now();
  const seen = lastSeenAt ? Date.parse(lastSeenAt) : null;
  if (!span) return seen ? [seen - 30 * MINUTE_MS, seen + 180 * MINUTE_MS] : [now - 180 * MINUTE_MS, now];
  const [first, last] = span.map((when) => when.getTime());
  if (!seen) return last - first <= 1440 * MINUTE_MS ? [first, last] : [last - 1440 * MINUTE_MS, last];
  const [from, until] = [Math.max(first, seen - 30 * MINUTE_MS), Math.min(last, seen + 180 * MINUTE_MS)];
  return from < until ? [from, until] : [first, last];
}

function sentence({ from, until }) {
  const right = day(from) === day(until) ? clock(until) : `${day(until)} ${clock(until)}`;
  return `${day(from)} ${clock(from)} – ${right} · ${duration((until - from) / 1000)}`;
}
