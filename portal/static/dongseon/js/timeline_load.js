/** Fetches for the timeline what cameras recorded, says what the search's hours would miss, and has analysed what nobody has. */
import "/jsi18n/later/";
import { MOST_CAMERA_HOURS, analyseUnread, assess, loadCoverage } from "./coverage.js";
import { byId } from "./dom.js";
import * as spans from "./timeline_spans.js";
import { errorToast, toast } from "./toasts.js";

const HOUR = 3600000;
const POLL_MS = 3000;
// A question before so much is analysed at once.
const ASK_ABOVE = 50;

/** Fetches what is in sight, and what the search's hours hold of every chosen camera. */
export function createLoader({ model, view, cameras }) {
  let [turn, loaded, found, timer] = [0, { from: 0, until: 0 }, null, 0];
  const isAnalysing = { now: false };
  model.spans = spans;
  model.changed.emit();

  async function load({ isFresh = false } = {}) {
    const mine = ++turn;
    clearTimeout(timer);
    try {
      await loadWindow(isFresh, mine);
      if (mine === turn) await loadRange(isFresh, mine);
      model.say("");
    } catch (error) {
      if (mine !== turn) return;
      say(error.message, true);
      return;
    }
    if (mine === turn && found?.running.length) timer = setTimeout(() => load({ isFresh: true }), POLL_MS);
  }

  async function loadWindow(isFresh, mine) {
    const { from, until } = model.window;
    const pad = (until - from) / 2;
    const isInside = from >= loaded.from && until <= loaded.until && until - from > (loaded.until - loaded.from) / 12;
    if (!isInside || isFresh) loaded = { from: from - pad, until: until + pad, spansOf: new Map() };
    const asked = loaded;
    const wanted = choose(model.rows.map((row) => row.id), (loaded.until - loaded.from) / HOUR).filter((id) => !asked.spansOf.has(id));
    const spansOf = wanted.length ? await loadCoverage(wanted, asked.from, asked.until) : new Map();
    for (const [id, spans] of spansOf) asked.spansOf.set(id, spans);
    if (mine !== turn) return;
    model.spansOf = asked.spansOf;
    model.counted = model.rows.map((row) => row.id).filter((id) => asked.spansOf.has(id));
    const [count, all] = [model.counted.length, model.rows.length];
    byId("timeline-sample").textContent = count < all ? interpolate(gettext("density of %s of %s cameras"), [count, all]) : "";
    model.changed.emit();
  }

  /** All cameras, or where these are too many for so long a time those in sight and an even choice of the others. */
  function choose(ids, hours) {
    const most = Math.max(1, Math.floor(MOST_CAMERA_HOURS / hours));
    if (ids.length <= most) return ids;
    const seen = view.visibleIds().slice(0, most);
    const every = Math.ceil(ids.length / Math.max(1, most - seen.length));
    return [...new Set([...seen, ...ids.filter((_id, number) => number % every === 0)])].slice(0, most);
  }

  async function loadRange(isFresh, mine) {
    const range = model.range;
    const ids = model.rows.map((row) => row.id);
    if (!range || !ids.length) return showFound(null, ids);
    const hasAll = range.from >= loaded.from && range.until <= loaded.until && ids.every((id) => loaded.spansOf.has(id));
    const spansOf = hasAll ? loaded.spansOf : await loadCoverage(ids, range.from, range.until);
    if (mine !== turn) return undefined;
    found = assess(spansOf, ids, range.from, range.until);
    return showFound(found, ids);
  }

  function showFound(now, ids) {
    found = now;
    const text = now ? summary(now, ids.length) : "";
    say(text, false);
    const drop = byId("drop-silent");
    drop.hidden = !now?.silent.length || now.silent.length === ids.length;
    drop.textContent = now ? interpolate(gettext("Leave out %s silent"), [now.silent.length]) : "";
    const unread = byId("analyse-now");
    if (isAnalysing.now) return;
    unread.hidden = !now?.unread.length;
    unread.textContent = now ? interpolate(gettext("Analyse %s now"), [now.recordings]) : "";
  }

  byId("drop-silent").addEventListener("click", () => {
    const silent = new Set(found.silent);
    cameras.choose([...cameras.chosen].filter((id) => !silent.has(id)));
  });
  byId("analyse-now").addEventListener("click", async ({ currentTarget }) => {
    const { unread, recordings } = found;
    const question = interpolate(gettext("Have %s recordings analysed now? Other analyses wait until these are done."), [recordings]);
    if (isAnalysing.now || (recordings > ASK_ABOVE && !confirm(question))) return;
    isAnalysing.now = true;
    currentTarget.setAttribute("aria-busy", "true");
    try {
      const queued = await analyseUnread(unread, model.range.from, model.range.until);
      toast(interpolate(ngettext("%s recording waits to be analysed.", "%s recordings wait to be analysed.", queued), [queued]), { tone: "success" });
    } catch (error) {
      errorToast(error);
    } finally {
      isAnalysing.now = false;
      byId("analyse-now").removeAttribute("aria-busy");
      load({ isFresh: true });
    }
  });
  return { load, loadRows: () => model.counted.length < model.rows.length && load() };
}

/** 20 cameras: 3 recorded all of these hours, 2 nothing, 4 are not analysed everywhere. */
function summary(found, count) {
  const parts = [interpolate(ngettext("%s of %s camera recorded all of these hours", "%s of %s cameras recorded all of these hours", count), [found.whole.length, count])];
  if (found.silent.length) parts.push(interpolate(gettext("%s nothing"), [found.silent.length]));
  if (found.unread.length) parts.push(interpolate(gettext("%s not analysed everywhere"), [found.unread.length]));
  if (found.running.length) parts.push(interpolate(gettext("%s being analysed"), [found.running.length]));
  return parts.join(" · ");
}

function say(text, isBad) {
  for (const id of ["coverage-summary", "timeline-summary"]) {
    byId(id).textContent = text;
    byId(id).title = text;
    byId(id).classList.toggle("bad-text", isBad);
  }
}
