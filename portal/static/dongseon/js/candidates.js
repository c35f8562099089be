/** The candidates of the open search: what is shown of them, which one is in focus, which are chosen. */
import { fillCard, makeCard } from "./candidate_card.js";
import { createGrid } from "./candidate_grid.js";
import { arrange, hourOf, hourStart, settle } from "./candidate_order.js";
import { createClip } from "./clip.js";
import { byId, h, signal } from "./dom.js";
import { shortWhen } from "./format.js";

const KEPT_AS = `dongseon.candidates${location.pathname}`;
const LOOKS_FOR_MS = 4000; // so long after the last touch the top of the list is still looked at
const GROUPS = ["", "camera", "track"];

/** @param {{onConfirm: Function, onReject: Function, onUndo: Function}} verbs  each is given a candidate, or several */
export function createCandidates(verbs) {
  const [scroller, list, panel] = [byId("candidates-scroll"), byId("candidates"), byId("candidates-scroll").closest(".panel")];
  const selected = signal();
  const hovered = signal();
  const changed = signal();
  const clip = createClip();
  const state = { rows: [], selectedId: null, show: "all", sort: "score", camera: 0, hour: 0, plate: "", group: "", size: "m",
    wanted: [], weakFrom: null, opened: new Set(), marked: new Set(), ...remembered() };
  let byNumber = new Map();
  let [touchedAt, from, arrived] = [-LOOKS_FOR_MS, null, new Set()];
  const grid = createGrid({ scroller, list, make: makeCard, update });

  /** Take a fresh list of a search: rows stay the same objects, in the order that it puts them in. */
  function set({ candidates: rows, wanted = [], weak_from: weakFrom = null }) {
    const before = byNumber;
    Object.assign(state, { wanted, weakFrom });
    byNumber = new Map(rows.map((row) => [row.id, row]));
    rows.forEach((row, at) => {
      row.rank = at + 1;
      row.hour ??= hourOf(row);
    });
    for (const [id, row] of before) row.isGone = !byNumber.has(id);
    arrived = new Set(before.size ? rows.filter((row) => !before.has(row.id)).map((row) => row.id) : []);
    for (const id of state.marked) if (!byNumber.has(id)) state.marked.delete(id);
    const isOther = !rows.some((row) => before.has(row.id));
    if (isOther) from = null;
    state.rows = rows;
    fillFilters();
    draw({ isForced: isOther });
  }

  const isWatched = () => scroller.scrollTop > 4 || performance.now() - touchedAt < LOOKS_FOR_MS
    || list.contains(document.activeElement) || Boolean(byId("compare-dialog").open);

  /** Lay the cards out anew. Unless it is `isForced`, nothing moves that somebody looks at. */
  function draw({ isForced = false } = {}) {
    const wanted = arrange(state.rows, state);
    const isHeld = !isForced && grid.items.length > 0 && isWatched();
    const { items, held } = isHeld ? settle(grid.items, wanted, grid.last, (row) => byNumber.has(row.id)) : { items: wanted, held: 0 };
    const place = grid.place(state.selectedId);
    grid.set(items, { isMoving: true });
    arrived.clear();
    byId("new-above").hidden = !held;
    byId("new-above").querySelector("span").textContent = interpolate(ngettext("%s new above", "%s new above", held), [held]);
    showCounts();
    if (grid.place(state.selectedId) < 0) select((items[Math.max(0, place)] ?? items.at(-1))?.row.id ?? null, { focus: false, isAutomatic: true });
    changed.emit();
  }

  function update(card, item, isNew) {
    const { id } = item.row;
    if (isNew) card.classList.toggle("arriving", arrived.has(id));
    fillCard(card, item, { isSelected: id === state.selectedId, isMarked: state.marked.has(id), isOpen: state.opened.has(item.row.group), wanted: state.wanted });
  }

  function showCounts() {
    const counts = { all: state.rows.length };
    for (const row of state.rows) counts[row.decision] = (counts[row.decision] ?? 0) + 1;
    for (const box of document.querySelectorAll("#candidate-filter [data-count]")) box.textContent = counts[box.dataset.count] ?? 0;
    const count = state.marked.size;
    byId("marks-bar").hidden = count < 2;
    byId("marks-count").textContent = interpolate(ngettext("%s chosen", "%s chosen", count), [count]);
  }

  const current = (id) => byNumber.get(id) ?? grid.items.find((item) => item.row.id === id)?.row;

  /** `isAutomatic`: nobody asked for this one, so that the map had better stay where it is. */
  function select(id, { focus = true, isAutomatic = false } = {}) {
    const before = state.selectedId;
    state.selectedId = id;
    grid.pin(id);
    if (id !== before && !isAutomatic) grid.reveal(id);
    else grid.paint();
    if (focus) grid.card(id)?.focus({ preventScroll: true });
    if (id !== before) selected.emit(current(id) ?? null, isAutomatic);
  }

  /** Move by one card, or by one line of the grid; with `isMarking` everything on the way is chosen. */
  function move(direction, { isMarking = false, focus = true } = {}) {
    touch();
    const { items } = grid;
    const next = { first: items[0]?.row, last: items.at(-1)?.row }[direction] ?? grid.beside(state.selectedId, direction);
    if (!next) return;
    if (isMarking) markTo(next.id);
    else clearMarks();
    select(next.id, { focus });
  }

  /** Choose everything between where the choosing began and this card. */
  function markTo(id) {
    from ??= state.selectedId ?? id;
    const [a, b] = [grid.place(from), grid.place(id)].sort((x, y) => x - y);
    state.marked = new Set(grid.items.slice(Math.max(0, a), b + 1).map((item) => item.row.id));
    grid.paint();
    showCounts();
  }

  function toggleMark(id) {
    if (!state.marked.size && state.selectedId !== null) state.marked.add(state.selectedId);
    if (state.marked.has(id) && id !== state.selectedId) state.marked.delete(id);
    else state.marked.add(id);
    from = id;
    select(id);
    showCounts();
  }

  function clearMarks() {
    from = null;
    if (!state.marked.size) return;
    state.marked.clear();
    grid.paint();
    showCounts();
  }

  /** What a verb acts on: all that are chosen, or this one. */
  const acting = (row) => (state.marked.size > 1 ? [...state.marked].map(current).filter(Boolean) : [row]);

  /** Go on to the next open candidate after one was decided. */
  function selectNextOpen(afterId) {
    clearMarks();
    const rows = grid.items.map((item) => item.row);
    const at = rows.findIndex((row) => row.id === afterId);
    const next = [...rows.slice(at + 1), ...rows.slice(0, Math.max(0, at))].find((row) => row.decision === "pending" && !row.isGone);
    if (next) select(next.id, { focus: !byId("compare-dialog").open });
  }

  function replace({ id, decision, reason, second = "", elsewhere = null }) {
    const row = byNumber.get(id);
    if (row) Object.assign(row, { decision, reason, second, elsewhere });
  }

  // ── What is wished to be seen ────────────────────────────────────────────────────────────────────────────────────

  /** The cameras and hours that there are, offered once they change. */
  function fillFilters() {
    const hasOdds = state.rows.some((row) => row.odds !== null);
    byId("candidate-sort").querySelector("[value=odds]").hidden = !hasOdds;
    if (!hasOdds && state.sort === "odds" && state.rows.length) byId("candidate-sort").value = state.sort = "score";
    fillPlateWishes();
    const cameras = new Map(state.rows.map((row) => [row.sighting.camera, row.sighting.camera_name]));
    const hours = [...new Set(state.rows.map((row) => row.hour))].sort((a, b) => a - b);
    const names = [...cameras].sort((a, b) => a[1].localeCompare(b[1], "ko", { numeric: true }));
    fill(byId("candidate-camera"), names, gettext("all cameras"), state.camera);
    fill(byId("candidate-hour"), hours.map((hour) => [hour, shortWhen(hourStart(hour))]), gettext("all hours"), state.hour);
    if (!state.rows.length) return;
    if (!cameras.has(state.camera)) state.camera = 0;
    if (!hours.includes(state.hour)) state.hour = 0;
  }

  /** What can be wished for of number plates, where there are any. */
  function fillPlateWishes() {
    if (!state.rows.length) return;
    const hasMatches = state.rows.some((row) => row.plate_match);
    byId("candidate-sort").querySelector("[value=plate]").hidden = !hasMatches;
    if (!hasMatches && state.sort === "plate") byId("candidate-sort").value = state.sort = "score";
    const hasVehicles = state.rows.some((row) => row.sighting.kind === "vehicle");
    byId("candidate-plate").hidden = !hasVehicles;
    if (!hasVehicles) byId("candidate-plate").value = state.plate = "";
    grid.resize(state.size, { isPlated: hasVehicles });
  }

  function wish(change) {
    Object.assign(state, change);
    try {
      const { show, sort, camera, hour, plate, group, size } = state;
      sessionStorage.setItem(KEPT_AS, JSON.stringify({ show, sort, camera, hour, plate, group, size }));
    } catch {
      // Without storage the choice lasts until the page is left.
    }
    clearMarks();
    grid.resize(state.size);
    draw({ isForced: true });
    grid.reveal(state.selectedId);
  }

  function cycleGroup() {
    const next = GROUPS[(GROUPS.indexOf(state.group) + 1) % GROUPS.length];
    byId("candidate-group").value = next;
    wish({ group: next });
  }

  function showNew() {
    scroller.scrollTop = 0;
    draw({ isForced: true });
  }

  function open(group) {
    if (!state.opened.delete(group)) state.opened.add(group);
    draw({ isForced: true });
  }

  // ── Pointer and keys on the cards ────────────────────────────────────────────────────────────────────────────────

  const touch = () => { touchedAt = performance.now(); };
  const at = (event) => {
    const card = event.target.closest?.(".candidate");
    return card ? { card, row: current(Number(card.dataset.candidate)) } : {};
  };

  function click(event) {
    const { card, row } = at(event);
    if (!row) return;
    const button = event.target.closest("button");
    if (button?.classList.contains("pieces")) open(row.group);
    else if (button) verbs[{ confirm: "onConfirm", reject: "onReject", undo: "onUndo" }[button.className]](row, card);
    else if (event.shiftKey) { markTo(row.id); select(row.id); }
    else if (event.ctrlKey || event.metaKey) toggleMark(row.id);
    else { clearMarks(); select(row.id); }
  }

  list.addEventListener("click", click);
  list.addEventListener("focusin", (event) => {
    const { card, row } = at(event);
    if (!row || event.target !== card) return;
    if (row.id !== state.selectedId) select(row.id, { focus: false });
    if (card.matches(":focus-visible")) clip.mean(card.querySelector(".candidate-picture"), row.clip, { isFocus: true });
  });
  list.addEventListener("pointermove", (event) => {
    const { card, row } = at(event);
    // Browsers also report moves when the page moves under a pointer at rest: those must not change what is shown.
    if (event.movementX === 0 && event.movementY === 0) return;
    touch();
    const box = event.target.closest(".candidate-picture");
    if (box) clip.mean(box, row.clip);
    else if (!card || !clip.isIn(card.querySelector(".candidate-picture"))) clip.stop();
    if (row) hovered.emit(row);
  });
  list.addEventListener("pointerleave", () => { clip.stop(); hovered.emit(null); });
  scroller.addEventListener("scroll", () => clip.stop(), { passive: true });
  for (const name of ["pointerdown", "keydown", "wheel"]) panel.addEventListener(name, touch, { passive: true });
  byId("new-above").addEventListener("click", showNew);
  byId("marks-bar").addEventListener("click", ({ target }) => {
    const verb = target.closest("button")?.dataset.verb;
    if (verb === "clear") clearMarks();
    else if (verb) verbs[verb](acting(null), byId("marks-bar"));
  });
  for (const [id, name] of [["candidate-filter", "show"], ["candidate-sort", "sort"], ["candidate-group", "group"], ["candidate-size", "size"],
    ["candidate-camera", "camera"], ["candidate-hour", "hour"], ["candidate-plate", "plate"]]) {
    const box = byId(id);
    if (box.matches("select")) box.value = state[name] || box.options[0]?.value || "";
    else box.querySelector(`[value="${state[name]}"]`).checked = true;
    box.addEventListener("change", ({ target }) => wish({ [name]: typeof state[name] === "number" ? Number(target.value) : target.value }));
  }
  grid.resize(state.size);

  return { state, set, draw, current, select, move, markTo, clearMarks, acting, selectNextOpen, replace, cycleGroup, selected, hovered, changed, clip,
    visible: () => grid.items.map((item) => item.row),
    /** Play the clip of this candidate where its picture stands, or stop it. */
    play: (row) => clip.toggle(grid.card(row.id)?.querySelector(".candidate-picture"), row.clip),
    get selectedRow() { return current(state.selectedId) ?? null; } };
}

function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT_AS)) ?? {};
    const isKnown = ["all", "pending", "confirmed", "rejected"].includes(kept.show) && GROUPS.includes(kept.group) && "sml".includes(kept.size);
    return isKnown ? { ...kept, camera: Number(kept.camera) || 0, hour: Number(kept.hour) || 0,
      plate: ["read", "unread"].includes(kept.plate) ? kept.plate : "" } : {};
  } catch {
    return {};
  }
}

function fill(box, options, all, value) {
  const key = JSON.stringify(options);
  if (box.filledWith === key) return;
  box.filledWith = key;
  box.replaceChildren(h("option", { value: 0 }, all), ...options.map(([id, name]) => h("option", { value: id }, name)));
  box.value = options.some(([id]) => id === value) ? value : 0;
}
