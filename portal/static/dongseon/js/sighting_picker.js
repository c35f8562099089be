/** A small picker of stored sightings: by camera, within the hours of the search. */
import "/jsi18n/later/";
import { get } from "./api.js";
import { byId, h } from "./dom.js";
import { timeElement } from "./format.js";

const PAGE = 60;

/**
 * @param {{cameras: Object, timeRange: Object, kind: string, onPick: (sighting: Object) => void}} options
 * @returns {{open: () => void}}
 */
export function createSightingPicker({ cameras, timeRange, kind, onPick }) {
  const [dialog, select, grid] = [byId("sighting-dialog"), byId("sighting-camera"), byId("sighting-grid")];
  let turn = 0;

  function open() {
    if (!select.options.length) {
      const rows = [...cameras.rows].sort((a, b) => Boolean(b.recorded_from) - Boolean(a.recorded_from));
      select.append(...rows.map((row) => h("option", { value: row.id }, `${row.name} (${row.code})`)));
    }
    dialog.showModal();
    load(0);
  }

  async function load(offset) {
    const mine = ++turn;
    if (!offset) grid.replaceChildren(...Array.from({ length: 12 }, () => h("li", { class: "skeleton-card" })));
    say(gettext("Loading…"));
    try {
      const answer = await get(address(offset));
      if (mine === turn) show(answer, offset);
    } catch (error) {
      if (mine !== turn) return;
      grid.replaceChildren();
      say(error.message);
    }
  }

  function address(offset) {
    const query = new URLSearchParams({ camera: select.value, kind, limit: PAGE, offset });
    const range = timeRange.read();
    if (range) {
      query.set("seen_at__gte", range.from.toISOString());
      query.set("seen_at__lt", range.until.toISOString());
    }
    return `/api/sightings/?${query}`;
  }

  function show(answer, offset) {
    if (!offset) grid.replaceChildren();
    grid.append(...answer.results.map(item));
    byId("sighting-more").hidden = !answer.next;
    byId("sighting-more").onclick = () => load(offset + PAGE);
    say(answer.count ? interpolate(ngettext("%s sighting", "%s sightings", answer.count), [answer.count])
      : gettext("Nothing was seen here in these hours. Choose another camera, or widen the time range."));
  }

  function item(row) {
    const pick = () => {
      onPick(row);
      dialog.close();
    };
    return h("li", {}, h("button", { type: "button", onclick: pick },
      h("img", { src: row.picture, alt: "", loading: "lazy" }), timeElement(row.seen_at, { withDay: false }),
      row.plate && h("span", { class: "path-plate" }, row.plate.text),
      row.is_small && h("span", { class: "small-mark" }, gettext("small"))));
  }

  const say = (text) => { byId("sighting-message").textContent = text; };
  select.addEventListener("change", () => load(0));
  return { open };
}
