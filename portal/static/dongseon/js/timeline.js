/** The timeline of the chosen cameras: what it shows, and how it follows the search's hours. What was recorded is fetched once the first view stands. */
import { byId, debounce, signal } from "./dom.js";
import { lazily, soon } from "./lazily.js";
import { createView } from "./timeline_view.js";

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const [SHORTEST, LONGEST] = [2 * MINUTE, 92 * 24 * HOUR];
const LOAD_AFTER_MS = 150;
const OPEN_KEY = "dongseon.timeline";

/**
 * @param {{cameras: Object, timeRange: Object, lastSeenAt: string|null, state: Object}} options
 */
export function addTimeline({ cameras, timeRange, lastSeenAt, state }) {
  const model = createModel({ cameras, timeRange, lastSeenAt, state });
  const open = (camera, at) => emit("footage:open", { camera, at: new Date(at).toISOString() });
  createView(byId("time-strip"), model);
  const view = createView(byId("timeline-rows"), model, { hasRows: true, nameWidth: 148, onOpen: open });
  const loader = lazily(() => import("./timeline_load.js"), (script) => script.createLoader({ model, view, cameras }));
  const load = () => loader((made) => { made.load(); });
  model.scrolled = debounce(() => loader((made) => { made.loadRows(); }), LOAD_AFTER_MS);
  soon(() => {
    model.moved.on(debounce(load, LOAD_AFTER_MS));
    return load();
  });
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

/**
 * What the views show. `window` are the hours in sight, `range` the search's own, null while its fields say none; `spans` is
 * timeline_spans.js, once timeline_load.js has brought it.
 */
function createModel({ cameras, timeRange, lastSeenAt, state }) {
  const changed = signal();
  const model = {
    changed, window: { from: Date.now() - 24 * HOUR, until: Date.now() }, range: null, scope: null, rows: [], counted: [], spansOf: new Map(),
    lastSeenAt: lastSeenAt && Date.parse(lastSeenAt), playhead: null, spans: null, scrolled: () => {}, moved: signal(),
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
