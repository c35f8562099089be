/** The list of cameras beside the map: filter, choose, all, none. */
import { byId, debounce, h } from "./dom.js";

const MOST_SHOWN = 200;

/**
 * @param {Object} cameras from cameras.js
 * @param {{onFocus: (id: number) => void}} listeners
 */
export function addCameraList(cameras, { onFocus }) {
  const boxes = new Map();

  function matching() {
    const words = byId("camera-filter").value.trim().toLowerCase().split(/\s+/);
    return cameras.rows.filter((row) => {
      const text = `${row.code} ${row.name} ${row.address}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  function show() {
    const rows = matching();
    boxes.clear();
    const items = rows.slice(0, MOST_SHOWN).map(item);
    const rest = rows.length - MOST_SHOWN;
    if (rest > 0) items.push(h("li", { class: "hint" }, interpolate(gettext("and %s more: type to narrow down"), [rest])));
    if (!cameras.rows.length) items.push(h("li", { class: "hint" }, gettext("Your control centre has no cameras yet. An administrator registers them.")));
    else if (!rows.length) items.push(h("li", { class: "hint" }, gettext("No camera matches.")));
    byId("camera-list").replaceChildren(...items);
    sync();
  }

  function item(row) {
    const box = h("input", { type: "checkbox", onchange: () => cameras.toggle(row.id) });
    boxes.set(row.id, box);
    const quiet = (text) => h("span", { class: "muted small" }, text);
    const label = h("label", { title: row.address }, box, h("span", { class: "camera-name" }, row.name), quiet(row.code),
      !row.recorded_from && quiet(gettext("no recording")));
    return h("li", { onmouseenter: () => onFocus(row.id), onfocusin: () => onFocus(row.id) }, label);
  }

  function sync() {
    for (const [id, box] of boxes) box.checked = cameras.chosen.has(id);
    byId("camera-count").textContent = `${cameras.chosen.size} / ${cameras.rows.length}`;
  }

  byId("camera-filter").addEventListener("input", debounce(show, 80));
  // With a filter in force, "all" and "none" mean what is listed.
  byId("cameras-all").addEventListener("click", () => cameras.choose([...cameras.chosen, ...matching().map((row) => row.id)]));
  byId("cameras-none").addEventListener("click", () => {
    const listed = new Set(matching().map((row) => row.id));
    cameras.choose([...cameras.chosen].filter((id) => !listed.has(id)));
  });
  cameras.changed.on(sync);
  show();
}
