/** The timeline of the chosen cameras: what it shows, how it follows the search's hours, and what these would miss. */
import { MOST_CAMERA_HOURS, analyseUnread, assess, loadCoverage } from "./coverage.js";
import { byId, debounce, signal } from "./dom.js";
import { createView } from "./timeline_view.js";
import { errorToast, toast } from "./toasts.js";

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const [SHORTEST, LONGEST] = [2 * MINUTE, 92 * 24 * HOUR];
const LOAD_AFTER_MS = 150;
const POLL_MS = 3000;
// A question before so much is analysed at once.
const ASK_ABOVE = 50;
const OPEN_KEY = "dongseon.timeline";

/**
 * @param {{cameras: Object, timeRange: Object, lastSeenAt: string|null, state: Object}} options
 */
export function addTimeline({ cameras, timeRange, lastSeenAt, state }) {
  const model = createModel({ cameras, timeRange, lastSeenAt, state });
  const open = (camera, at) => emit("footage:open", { camera, at: new Date(at).toISOString() });
  createView(byId("time-strip"), model);
  const view = createView(byId("timeline-rows"), model, { hasRows: true, nameWidth: 148, onOpen: open });
  const loader = createLoader({ model, view, cameras });
  model.scrolled = loader.loadRows;
  addDrawer();
  byId("timeline-in").addEventListener("click", () => model.zoom(1 / 2));
  byId("timeline-out").addEventListener("click", () => model.zoom(2));
  byId("timeline-range").addEventListener("click", model.showRange);
  byId("timeline-all").addEventListener("click", () => cameras.recorded() && model.show(...cameras.recorded().map(Number)));
  document.addEventListener("footage:time", ({ detail }) => {
    model.playhead = detail && { camera: detail.camera, at: Date.parse(detail.at) };
    model.changed.emit();
  });
  return model;
}

const emit = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

/** What the views show. `window` are the hours in sight, `range` the search's own, null while its fields say none. */
function createModel({ cameras, timeRange, lastSeenAt, state }) {
  const changed = signal();
  const model = {
    changed, window: { from: Date.now() - 24 * HOUR, until: Date.now() }, range: null, scope: null, rows: [], counted: [], spansOf: new Map(),
    lastSeenAt: lastSeenAt && Date.parse(lastSeenAt), playhead: null, scrolled: () => {}, moved: signal(), stateText, rowText,
    say: (text) => { byId("timeline-said").textContent = text; },
    show, showRange, moveEdge,
    zoom(by, around = (model.window.from + model.window.until) / 2) {
      const { from, until } = model.window;
      const span = Math.max(SHORTEST, Math.min(LONGEST, (until - from) * by));
      const start = around - ((around - from) / (until - from)) * span;
      show(start, start + span);
    },
    pan(share) {
      const shift = share * (model.window.until - model.window.from);
      show(model.window.from + shift, model.window.until + shift);
    },
  };

  function show(from, until) {
    if (!(until - from >= SHORTEST)) [from, until] = [(from + until - SHORTEST) / 2, (from + until + SHORTEST) / 2];
    model.window = { from, until };
    changed.emit();
    model.moved.emit();
  }

  function showRange() {
    const { from, until } = model.range ?? model.window;
    const margin = Math.max((until - from) * 0.2, MINUTE);
    show(from - margin, until + margin);
  }

  /** Move the search's start or end; the fields follow, and the other edge stays at least a minute away. */
  function moveEdge(edge, to, { isSnapped = false, isFollowed = false } = {}) {
    if (!model.range || byId("when-block").disabled) return;
    const grid = model.window.until - model.window.from > 40 * MINUTE ? MINUTE : 1000;
    const when = isSnapped ? Math.round(to / grid) * grid : to;
    const { from, until } = model.range;
    timeRange.write(edge === "from" ? Math.min(when, until - MINUTE) : from, edge === "until" ? Math.max(when, from + MINUTE) : until);
    const now = model.range[edge];
    if (isFollowed && (now < model.window.from || now > model.window.until)) model.pan(now < model.window.from ? -0.5 : 0.5);
  }

  function rowText(row) {
    const spans = model.spansOf.get(row.id);
    const { from, until } = model.range ?? model.window;
    if (!spans) return `${row.name}: ${gettext("Loading…")}`;
    const found = assess(model.spansOf, [row.id], from, until);
    const text = found.silent.length ? gettext("recorded nothing in these hours") : found.whole.length
      ? gettext("recorded all of these hours") : gettext("recorded a part of these hours");
    return `${row.name}: ${text}${found.unread.length ? `, ${gettext("not analysed everywhere")}` : ""}`;
  }

  function takeRange() {
    const range = timeRange.read();
    model.range = range && range.until > range.from ? { from: Number(range.from), until: Number(range.until) } : null;
    const { from, until } = model.range ?? model.window;
    const isInSight = from >= model.window.from && until <= model.window.until && until - from > (model.window.until - model.window.from) / 50;
    if (!isInSight && !document.activeElement?.classList.contains("tl-handle")) showRange();
    changed.emit();
    model.moved.emit();
  }

  function takeScope() {
    const { hours, moment } = state.scope();
    model.scope = hours !== null && moment ? { from: Date.parse(moment) - hours * HOUR, until: Date.parse(moment) + hours * HOUR } : null;
    changed.emit();
  }

  function takeCameras() {
    model.rows = [...cameras.chosen].map(cameras.get).filter(Boolean).sort((a, b) => a.code.localeCompare(b.code));
    model.counted = model.rows.map((row) => row.id);
    changed.emit();
    model.moved.emit();
  }

  timeRange.changed.on(takeRange);
  cameras.changed.on(takeCameras);
  state.changed.on(takeScope);
  takeScope();
  takeCameras();
  takeRange();
  showRange();
  return model;
}

/** Fetches what is in sight, and what the search's hours hold of every chosen camera. */
function createLoader({ model, view, cameras }) {
  let [turn, loaded, found, timer] = [0, { from: 0, until: 0 }, null, 0];
  const isAnalysing = { now: false };

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
  const later = debounce(load, LOAD_AFTER_MS);
  model.moved.on(later);
  later();
  return { loadRows: debounce(() => model.counted.length < model.rows.length && load(), LOAD_AFTER_MS) };
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

const stateText = ({ state, progress, recordings }) => ({
  analysed: gettext("analysed"), recorded: gettext("recorded, not analysed"), failed: gettext("analysis failed"),
  analysing: progress ? interpolate(gettext("being analysed, %s %"), [Math.round(progress * 100)]) : gettext("waits to be analysed"),
}[state] + (recordings > 1 ? ` (${interpolate(ngettext("%s recording", "%s recordings", recordings), [recordings])})` : ""));

/** The drawer below the map: timeline_state.js has opened it before the first paint where it was open before. */
function addDrawer() {
  const root = document.documentElement;
  const show = () => {
    const isOpen = root.dataset.timeline === "open";
    byId("timeline-toggle").setAttribute("aria-expanded", String(isOpen));
  };
  byId("timeline-toggle").addEventListener("click", () => {
    if (root.dataset.timeline === "open") delete root.dataset.timeline;
    else root.dataset.timeline = "open";
    try {
      sessionStorage.setItem(OPEN_KEY, root.dataset.timeline ?? "");
    } catch {
      // Without storage it is closed again when the page is loaded anew.
    }
    show();
  });
  show();
}
