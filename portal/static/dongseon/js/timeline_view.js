/** One timeline on the page: draws the model, and turns wheel, drag, keys and handles into changes of it. */
import { h } from "./dom.js";
import { clock, day } from "./format.js";
import { themeChanged } from "./page.js";
import { DENSITY, ROW, RULER, drawHours, drawMoment, drawRuler, makeInk } from "./timeline_draw.js";

const MINUTE = 60000;
const CLICK_PX = 4;
const ZOOM_BY = 1.5;

/**
 * @param {HTMLElement} root an empty box whose height the style sheet gives
 * @param {Object} model of timeline.js
 * @param {{hasRows?: boolean, nameWidth?: number, onOpen?: (camera: number, at: number) => void}} options
 */
export function createView(root, model, { hasRows = false, nameWidth = 0, onOpen = () => {} } = {}) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  const sizer = h("div");
  const scroller = h("div", { class: "tl-scroll", style: { top: `${RULER + DENSITY}px` } }, sizer);
  const tip = h("div", { class: "tl-tip", hidden: true, "aria-hidden": "true" });
  const handles = { from: handle("from", gettext("Start of the search")), until: handle("until", gettext("End of the search")) };
  let [width, height, ink, frame, current] = [0, 0, null, 0, -1];
  root.append(canvas, scroller, handles.from, handles.until, tip);
  scroller.hidden = !hasRows;

  const at = (when) => nameWidth + ((when - model.window.from) / (model.window.until - model.window.from)) * (width - nameWidth);
  const when = (x) => model.window.from + ((x - nameWidth) / (width - nameWidth)) * (model.window.until - model.window.from);
  const inRoot = (event) => event.clientX - root.getBoundingClientRect().left;

  function schedule() {
    if (!frame && width && height) frame = requestAnimationFrame(draw);
  }

  function draw() {
    frame = 0;
    const start = performance.now();
    const ratio = devicePixelRatio || 1;
    ink ??= makeInk();
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const place = { ...model.window, left: nameWidth, width, height, at };
    drawHours(ctx, ink, { ...place, range: model.range, scope: model.scope });
    drawRuler(ctx, ink, place);
    ctx.save();
    ctx.beginPath();
    ctx.rect(nameWidth, RULER, width - nameWidth, height);
    ctx.clip();
    model.spans?.drawDensity(ctx, ink, { ...place, spansOf: model.spansOf, ids: model.counted, top: RULER + 2, tall: DENSITY - 4 });
    ctx.restore();
    if (hasRows) drawRows(place);
    drawMoments(place);
    placeHandles();
    performance.clearMeasures("timeline");
    performance.measure("timeline", { start });
  }

  function visibleRows() {
    const first = Math.floor(scroller.scrollTop / ROW);
    return { first, last: Math.min(model.rows.length, first + Math.ceil(scroller.clientHeight / ROW) + 1) };
  }

  function drawRows(place) {
    sizer.style.height = `${model.rows.length * ROW}px`;
    model.spans?.drawRows(ctx, ink, model, { ...place, ...visibleRows(), current, scrolled: scroller.scrollTop });
  }

  function drawMoments(place) {
    const now = Date.now();
    if (now < model.window.until) drawMoment(ctx, ink, now, hasRows ? gettext("now") : "", { ...place, colour: ink.muted, isDashed: true });
    if (model.lastSeenAt) drawMoment(ctx, ink, model.lastSeenAt, hasRows ? gettext("last seen") : "", { ...place, colour: ink.bad, isDashed: true, top: RULER + 2 });
    if (model.playhead) drawMoment(ctx, ink, model.playhead.at, "", { ...place, colour: ink["map-path"] });
    ctx.fillStyle = ink.accent;
    for (const edge of model.range ? [model.range.from, model.range.until] : []) {
      if (at(edge) >= nameWidth && at(edge) <= width) ctx.fillRect(Math.round(at(edge)) - 0.5, 0, 1.5, height);
    }
  }

  // ── The two handles ──

  function handle(edge, label) {
    const element = h("button", { type: "button", class: `tl-handle ${edge}`, role: "slider", "aria-label": label });
    element.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      event.preventDefault();
      element.focus();
      element.setPointerCapture(event.pointerId);
      element.onpointermove = (move) => move.pointerId === event.pointerId && model.moveEdge(edge, when(inRoot(move)), { isSnapped: true });
      element.onpointerup = element.onpointercancel = () => { element.onpointermove = null; };
    });
    element.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (model.range) model.moveEdge(edge, model.range[edge] + way * (event.shiftKey ? 10 : 1) * MINUTE, { isFollowed: true });
    });
    return element;
  }

  function placeHandles() {
    for (const [edge, element] of Object.entries(handles)) {
      element.hidden = !model.range;
      if (!model.range) continue;
      const x = at(model.range[edge]);
      element.classList.toggle("out", x < nameWidth || x > width);
      element.style.left = `${Math.max(nameWidth, Math.min(width, x))}px`;
      element.setAttribute("aria-valuetext", `${day(model.range[edge])} ${clock(model.range[edge])}`);
      for (const [name, value] of [["min", model.window.from], ["max", model.window.until], ["now", model.range[edge]]]) {
        element.setAttribute(`aria-value${name}`, Math.round(value / MINUTE));
      }
    }
  }

  // ── Pointer ──

  function spanAt(event) {
    const box = scroller.getBoundingClientRect();
    if (!hasRows || event.clientY < box.top || event.clientY > box.bottom) return null;
    const number = Math.floor((event.clientY - box.top + scroller.scrollTop) / ROW);
    const row = model.rows[number];
    const x = inRoot(event);
    if (!row || x < nameWidth) return null;
    const slack = ((model.window.until - model.window.from) / (width - nameWidth)) * 1.5;
    const moment = when(x);
    const span = (model.spansOf.get(row.id) ?? []).find((one) => one.from - slack <= moment && one.until + slack >= moment);
    return span ? { row, number, span, at: Math.min(Math.max(moment, span.from), span.until - 1000) } : null;
  }

  function startDrag(event) {
    if (event.button || event.target.closest(".tl-handle")) return;
    if (event.offsetX > scroller.clientWidth && event.target === scroller) return; // its scroll bar
    root.setPointerCapture(event.pointerId);
    const [x, y, window, scrolled] = [event.clientX, event.clientY, { ...model.window }, scroller.scrollTop];
    let isMoved = false;
    root.onpointermove = (move) => {
      isMoved ||= Math.abs(move.clientX - x) + Math.abs(move.clientY - y) > CLICK_PX;
      if (!isMoved) return;
      root.classList.add("dragging");
      const shift = ((move.clientX - x) / (width - nameWidth)) * (window.until - window.from);
      scroller.scrollTop = scrolled - (move.clientY - y);
      model.show(window.from - shift, window.until - shift);
    };
    root.onpointerup = root.onpointercancel = (up) => {
      root.onpointermove = hover;
      root.onpointerup = root.onpointercancel = null;
      root.classList.remove("dragging");
      const hit = !isMoved && up.type === "pointerup" && spanAt(up);
      if (hit) onOpen(hit.row.id, hit.at);
    };
  }

  function hover(event) {
    const hit = spanAt(event);
    root.classList.toggle("on-bar", Boolean(hit));
    tip.hidden = !hit;
    if (!hit) return;
    tip.replaceChildren(...model.spans.about(hit));
    const box = root.getBoundingClientRect();
    tip.style.left = `${Math.min(event.clientX - box.left + 12, Math.max(0, width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(2, event.clientY - box.top - tip.offsetHeight - 8)}px`;
  }

  root.addEventListener("wheel", (event) => {
    if (event.shiftKey || (hasRows && inRoot(event) < nameWidth)) return; // scrolls the rows
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) model.pan(event.deltaX / (width - nameWidth));
    else model.zoom(ZOOM_BY ** (event.deltaY / 120), when(Math.max(nameWidth, inRoot(event))));
  }, { passive: false });
  root.addEventListener("pointerdown", startDrag);
  root.onpointermove = hover;
  root.addEventListener("pointerleave", () => { tip.hidden = true; });

  // ── Keys ──

  const keys = {
    ArrowLeft: () => model.pan(-0.1),
    ArrowRight: () => model.pan(0.1),
    ArrowUp: () => step(-1),
    ArrowDown: () => step(1),
    "+": () => model.zoom(1 / ZOOM_BY),
    "=": () => model.zoom(1 / ZOOM_BY),
    "-": () => model.zoom(ZOOM_BY),
    Home: () => model.showRange(),
    Enter: () => openCurrent(),
  };
  root.addEventListener("keydown", (event) => {
    if (event.target !== root || event.ctrlKey || event.altKey || event.metaKey || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });

  function step(by) {
    if (!hasRows || !model.rows.length) return;
    current = Math.max(0, Math.min(model.rows.length - 1, current + by));
    const top = current * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
    model.say(model.spans?.rowText(model.rows[current], model) ?? model.rows[current].name);
    schedule();
  }

  /** The first moment of the search's hours that this camera recorded. */
  function openCurrent() {
    const row = model.rows[current];
    const { from, until } = model.range ?? model.window;
    const span = row && (model.spansOf.get(row.id) ?? []).find((one) => one.until > from && one.from < until);
    if (span) onOpen(row.id, Math.max(from, span.from));
  }

  function resize() {
    const ratio = devicePixelRatio || 1;
    [width, height] = [root.clientWidth, root.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    ink = null;
    schedule();
  }

  new ResizeObserver(resize).observe(root);
  scroller.addEventListener("scroll", () => { schedule(); model.scrolled(); });
  themeChanged.on(() => { ink = null; schedule(); });
  model.changed.on(schedule);
  return { visibleIds: () => (hasRows && width ? model.rows.slice(visibleRows().first, visibleRows().last).map((row) => row.id) : []) };
}
