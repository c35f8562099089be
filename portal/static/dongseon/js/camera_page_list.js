/** The list of the cameras' page: search, filters, order; of thousands of rows only those in sight exist. */
import { searchText, searchWords } from "./camera_search.js";
import { byId, debounce, h } from "./dom.js";
import { shortWhen } from "./format.js";

const ROW_PX = 46;
const SPARE = 5;
const TYPING_MS = 40;
// Korea with its islands: what lies outside was mistyped.
const KOREA = { south: 32.9, north: 38.7, west: 124.1, east: 132.1 };
const names = new Intl.Collator("ko", { numeric: true });
const ORDERS = {
  code: (a, b) => names.compare(a.code, b.code),
  name: (a, b) => names.compare(a.name, b.name),
  purpose: (a, b) => names.compare(a.purpose || "\uffff", b.purpose || "\uffff"),
  status: (a, b) => STATUSES.indexOf(b.status) - STATUSES.indexOf(a.status),
  recorded: (a, b) => (b.recorded_until ?? "").localeCompare(a.recorded_until ?? ""),
};
export const STATUSES = ["active", "maintenance", "retired"];

/** What a camera's status is called. Functions, so that each text is found by makemessages. */
export const statusName = (status) => ({ active: gettext("active"), maintenance: gettext("under maintenance"), retired: gettext("retired") })[status];

/** Nobody knows where it looks, or where it stands. */
export const isVague = (row) => (row.bearing_deg === null && row.field_of_view_deg < 360)
  || row.latitude < KOREA.south || row.latitude > KOREA.north || row.longitude < KOREA.west || row.longitude > KOREA.east;

/**
 * @param {Object} store  {known, chosen, changed}; what the filters leave is its choice
 * @param {{showsRecordings: boolean, onOpen: (id: number) => void, onHover: (id: number|null) => void}} options
 * @returns {{refresh, select: (id: number|null) => void, filterBy: (filter: Object) => void, focus}}
 */
export function createList(store, { showsRecordings, onOpen, onHover }) {
  const list = byId("camera-rows");
  const field = byId("camera-search");
  const texts = new Map();
  const orders = new Map();
  let rows = [];
  let current = -1;
  let selected = null;
  let onMap = null;

  const isOn = (id) => byId(id).getAttribute("aria-pressed") === "true";

  function ordered() {
    const name = byId("camera-order").value;
    if (!orders.has(name)) orders.set(name, [...store.known].sort((a, b) => ORDERS[name](a, b) || ORDERS.code(a, b)));
    return orders.get(name);
  }

  function textOf(row) {
    if (!texts.has(row)) texts.set(row, searchText(row));
    return texts.get(row);
  }

  function filter() {
    const started = performance.now();
    const words = searchWords(field.value);
    const status = byId("camera-status").value;
    const [recorded, vague] = [showsRecordings && isOn("filter-recorded"), isOn("filter-vague")];
    const kept = rows[current]?.id;
    rows = ordered().filter((row) => (!status || row.status === status) && (!recorded || row.recorded_from)
      && (!vague || isVague(row)) && words.every((word) => textOf(row).includes(word)));
    current = rows.findIndex((row) => row.id === kept);
    store.choose(rows);
    draw();
    sayCount(words.length || status || recorded || vague);
    performance.measure("camera-filter", { start: started });
  }

  function sayCount(isFiltered) {
    const [some, all] = [rows.length.toLocaleString(), store.known.length.toLocaleString()];
    byId("camera-found").textContent = isFiltered ? interpolate(gettext("%s of %s cameras"), [some, all])
      : interpolate(ngettext("%s camera", "%s cameras", store.known.length), [all]);
    byId("camera-clear").hidden = !isFiltered;
  }

  function draw() {
    if (!rows.length) return list.replaceChildren(h("li", { class: "camera-none hint", role: "presentation" }, emptyText()));
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_PX) + SPARE);
    const spacer = h("li", { class: "camera-spacer", role: "presentation", style: { height: `${rows.length * ROW_PX}px` } });
    list.replaceChildren(spacer, ...rows.slice(first, last).map((row, at) => item(row, first + at)));
    const active = rows[current] && byId(`camera-row-${rows[current].id}`);
    return active ? list.setAttribute("aria-activedescendant", active.id) : list.removeAttribute("aria-activedescendant");
  }

  function item(row, at) {
    const marks = [at === current && "current", row.id === onMap && "on-map"].filter(Boolean).join(" ");
    return h("li", { id: `camera-row-${row.id}`, class: `camera-row ${marks}`, role: "option", title: row.address, dataset: { at },
      "aria-selected": String(row.id === selected), "aria-setsize": rows.length, "aria-posinset": at + 1, style: { top: `${at * ROW_PX}px` } },
    h("span", { class: "camera-row-name" }, row.name),
    row.status !== "active" && h("span", { class: `camera-state ${row.status}` }, statusName(row.status)),
    h("span", { class: "camera-row-code" }, [row.code, row.purpose].filter(Boolean).join(" · ")),
    h("span", { class: "camera-row-last" }, aside(row)));
  }

  function aside(row) {
    if (!showsRecordings) return "";
    return row.recorded_until ? shortWhen(row.recorded_until) : gettext("no recording");
  }

  function emptyText() {
    if (!store.known.length) return gettext("There are no cameras yet.");
    return gettext("No camera matches. Search for parts of the number, name, address or purpose, or clear the filters.");
  }

  function moveTo(at) {
    current = Math.max(0, Math.min(rows.length - 1, at));
    reveal(current);
    draw();
    onHover(rows[current]?.id ?? null);
  }

  function reveal(at) {
    const top = at * ROW_PX;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + ROW_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_PX - list.clientHeight;
  }

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !rows.length) return;
    const page = Math.max(1, Math.floor(list.clientHeight / ROW_PX));
    const steps = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: rows.length - 1 };
    if (event.key in steps) moveTo(steps[event.key]);
    else if ((event.key === "Enter" || event.code === "Space") && rows[current]) onOpen(rows[current].id);
    else return;
    event.preventDefault();
  }

  function onFieldKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      filter();
      list.focus();
      moveTo(event.key === "Enter" ? 0 : Math.max(0, current));
      if (event.key === "Enter" && rows.length === 1) onOpen(rows[0].id);
    } else if (event.key === "Escape" && field.value) {
      field.value = "";
      filter();
    } else return;
    event.preventDefault();
  }

  /** @param {{status?: string, recorded?: boolean, vague?: boolean}} wanted all else is cleared */
  function filterBy({ status = "", recorded = false, vague = false } = {}) {
    field.value = "";
    byId("camera-status").value = status;
    if (showsRecordings) byId("filter-recorded").setAttribute("aria-pressed", String(recorded));
    byId("filter-vague").setAttribute("aria-pressed", String(vague));
    list.scrollTop = 0;
    filter();
  }

  function press(event) {
    const button = event.currentTarget;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    list.scrollTop = 0;
    filter();
  }

  list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  list.addEventListener("keydown", onKey);
  list.addEventListener("focus", () => {
    // Only where the keys led here: drawing anew under a mouse button that is down would swallow the click.
    if (list.matches(":focus-visible") && current < 0 && rows.length) moveTo(Math.max(0, rows.findIndex((row) => row.id === selected)));
  });
  list.addEventListener("blur", () => onHover(null));
  list.addEventListener("click", (event) => {
    const at = event.target.closest("[data-at]")?.dataset.at;
    if (at === undefined) return;
    current = Number(at);
    onOpen(rows[current].id);
  });
  list.addEventListener("mouseover", (event) => onHover(rows[event.target.closest("[data-at]")?.dataset.at]?.id ?? null));
  list.addEventListener("mouseleave", () => onHover(null));
  field.addEventListener("input", debounce(() => { list.scrollTop = 0; filter(); }, TYPING_MS));
  field.addEventListener("keydown", onFieldKey);
  byId("camera-status").addEventListener("change", () => { list.scrollTop = 0; filter(); });
  byId("camera-order").addEventListener("change", () => { list.scrollTop = 0; filter(); });
  byId("camera-clear").addEventListener("click", () => { filterBy(); field.focus(); });
  for (const id of ["filter-recorded", "filter-vague"]) byId(id)?.addEventListener("click", press);
  new ResizeObserver(draw).observe(list);
  filter();
  return {
    filterBy,
    /** After rows were added or changed. */
    refresh() {
      orders.clear();
      texts.clear();
      filter();
    },
    select(id) {
      selected = id;
      const at = rows.findIndex((row) => row.id === id);
      if (at >= 0) { current = at; reveal(at); }
      draw();
    },
    mark(id) {
      onMap = id;
      draw();
    },
    focus: () => { field.focus(); field.select(); },
  };
}
