/** The list of cameras beside the map: thousands of rows, of which only those in sight exist. */
import { searchText, searchWords } from "./camera_search.js";
import { stateOf } from "./camera_tip.js";
import { byId, debounce, h } from "./dom.js";
import { metres } from "./format.js";
import { distance } from "./geometry.js";
import { countOutside } from "./scope.js";

const ROW_PX = 28;
const SPARE = 4;

/**
 * @param {Object} cameras from cameras.js
 * @param {{layer: Object, scope: () => Object}} options  `layer` from camera_layer.js
 */
export function addCameraList(cameras, { layer, scope }) {
  const list = byId("camera-list");
  const texts = new Map(cameras.known.map((row) => [row.id, searchText(row)]));
  let rows = [];
  let current = -1;
  let onMap = null;

  function filtered() {
    const words = searchWords(byId("camera-filter").value);
    const onlyChosen = byId("cameras-show").querySelector("input:checked").value === "chosen";
    return cameras.known.filter((row) => (!onlyChosen || cameras.chosen.has(row.id)) && words.every((word) => texts.get(row.id).includes(word)));
  }

  function ordered(found) {
    const { place } = scope();
    byId("cameras-order").querySelector("[value=distance]").disabled = !place;
    if (!place || byId("cameras-order").value !== "distance") return [...found].sort((a, b) => a.name.localeCompare(b.name, "ko", { numeric: true }));
    const away = new Map(found.map((row) => [row.id, distance(place, [row.latitude, row.longitude])]));
    return [...found].sort((a, b) => away.get(a.id) - away.get(b.id));
  }

  function refresh() {
    const kept = rows[current]?.id;
    rows = ordered(filtered());
    current = rows.findIndex((row) => row.id === kept);
    draw();
    sayCounts();
  }

  function draw() {
    if (!rows.length) return list.replaceChildren(h("li", { class: "hint", role: "presentation" }, emptyText()));
    const first = Math.max(0, Math.floor(list.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_PX) + SPARE);
    const { place } = scope();
    const isByDistance = byId("cameras-order").value === "distance" && place;
    const spacer = h("li", { class: "spacer-row", role: "presentation", style: { height: `${rows.length * ROW_PX}px` } });
    list.replaceChildren(spacer, ...rows.slice(first, last).map((row, at) => item(row, first + at, isByDistance && place)));
    const active = rows[current] && byId(`camera-row-${rows[current].id}`);
    return active ? list.setAttribute("aria-activedescendant", active.id) : list.removeAttribute("aria-activedescendant");
  }

  function item(row, at, place) {
    const aside = place ? metres(distance(place, [row.latitude, row.longitude])) : row.code;
    const name = `${at === current ? "current " : ""}${row.id === onMap ? "on-map" : ""}`;
    return h("li", { id: `camera-row-${row.id}`, class: name, role: "option", title: [row.code, row.address].filter(Boolean).join(" · "), dataset: { at },
      "aria-selected": String(cameras.chosen.has(row.id)), "aria-setsize": rows.length, "aria-posinset": at + 1, style: { top: `${at * ROW_PX}px` } },
    h("span", { class: "tick", "aria-hidden": "true" }), h("span", { class: "camera-name" }, row.name),
    h("span", { class: "muted small" }, [stateOf(row), aside].filter(Boolean).join(" · ")));
  }

  function emptyText() {
    if (!cameras.known.length) return gettext("Your control centre has no cameras yet. An administrator registers them.");
    if (!cameras.chosen.size && !byId("camera-filter").value) return gettext("No camera is chosen. Click cameras on the map, or pull a circle around a point.");
    return gettext("No camera matches.");
  }

  function sayCounts() {
    const number = (value) => value.toLocaleString();
    byId("camera-count").textContent = `${number(cameras.chosen.size)} / ${number(cameras.rows.length)}`;
    byId("cameras-none").disabled = !cameras.chosen.size;
    const chosen = [...cameras.chosen].map(cameras.get);
    const outside = countOutside(chosen, scope());
    byId("outside-note").hidden = !outside;
    byId("outside-count").textContent = interpolate(ngettext("%s chosen camera lies outside the scope.", "%s chosen cameras lie outside the scope.", outside), [outside]);
  }

  function leaveOutOutside() {
    const rule = scope();
    cameras.apply([...cameras.chosen].filter((id) => countOutside([cameras.get(id)], rule)), "remove");
  }

  function changed() {
    if (byId("cameras-show").querySelector("input:checked").value === "chosen") return refresh();
    draw();
    return sayCounts();
  }

  /** By the place of the pointer: between press and release the rows may have been made anew. */
  function rowOf({ clientX, clientY }) {
    const { left, top } = list.getBoundingClientRect();
    const isOnRow = clientX < left + list.clientLeft + list.clientWidth; // not on the bar that scrolls
    return (isOnRow && rows[Math.floor((clientY - top - list.clientTop + list.scrollTop) / ROW_PX)]) || null;
  }

  function moveTo(at) {
    current = Math.max(0, Math.min(rows.length - 1, at));
    const top = current * ROW_PX;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + ROW_PX > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW_PX - list.clientHeight;
    draw();
    layer.hover(rows[current]?.id ?? null);
  }

  function onKey(event) {
    const page = Math.floor(list.clientHeight / ROW_PX);
    const steps = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: rows.length - 1 };
    if (event.ctrlKey || event.altKey || event.metaKey || !rows.length) return;
    if (event.key in steps) moveTo(steps[event.key]);
    else if (event.code === "Space" && rows[current]) cameras.toggle(rows[current].id);
    else if (event.key === "Enter" && rows[current]) layer.focus(rows[current].id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  list.addEventListener("keydown", onKey);
  list.addEventListener("focus", () => {
    // Only where the keys led here: drawing anew under a mouse button that is down would swallow the click.
    if (list.matches(":focus-visible") && current < 0 && rows.length) moveTo(Math.floor(list.scrollTop / ROW_PX));
  });
  list.addEventListener("blur", () => layer.hover(null));
  list.addEventListener("click", (event) => {
    const row = rowOf(event);
    if (!row) return;
    current = rows.indexOf(row);
    cameras.toggle(row.id);
  });
  list.addEventListener("dblclick", (event) => rowOf(event) && layer.focus(rowOf(event).id));
  list.addEventListener("mouseover", (event) => layer.hover(rowOf(event)?.id ?? null));
  list.addEventListener("mouseleave", () => layer.hover(null));
  layer.hovered.on((id) => { onMap = id; draw(); });
  byId("camera-filter").addEventListener("input", debounce(() => { list.scrollTop = 0; refresh(); }, 80));
  byId("cameras-show").addEventListener("change", refresh);
  byId("cameras-order").addEventListener("change", refresh);
  // With a filter in force, "all" and "clear" mean what is listed.
  byId("cameras-all").addEventListener("click", () => cameras.apply(filtered().filter((row) => row.status !== "retired").map((row) => row.id), "add"));
  byId("cameras-none").addEventListener("click", () => cameras.apply(filtered().map((row) => row.id), "remove"));
  byId("cameras-leave-out").addEventListener("click", leaveOutOutside);
  cameras.changed.on(changed);
  new ResizeObserver(draw).observe(list);
  if (!scope().place) byId("cameras-order").value = "name";
  refresh();
  return { refresh };
}
