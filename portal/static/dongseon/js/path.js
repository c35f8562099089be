/** The path: its strip of cards, its line on the map, building it, and whether it is still what is confirmed. */
import { get, post } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { fitTo } from "./map.js";
import { addPathLayer } from "./path_layer.js";
import { markCard, stripItems, summary } from "./path_strip.js";
import { errorToast, toast } from "./toasts.js";

/**
 * @param {{map: L.Map, requestId: number, emptyText: string, confirmed?: () => Set<number>, onSearchFrom?: Function}} options
 */
export function createPath({ map, requestId, emptyText, confirmed = null, onSearchFrom = null }) {
  const layer = addPathLayer(map, { onSelect: select, onSearchFrom });
  const button = byId("build-path");
  const pictures = new Map();
  let points = null;

  /** Show the stored path. Where there is none yet (`exists` is false), nothing is asked for. */
  async function load({ fit = false, exists = true } = {}) {
    try {
      if (!exists) return show({ points: [] });
      show(await get(`/api/requests/${requestId}/path/`));
    } catch (error) {
      if (error.status !== 404) errorToast(error);
      show({ points: [] });
    }
    if (fit) fitTo(map, layer.places(), { isAnimated: false });
    return undefined;
  }

  async function build() {
    if (!button || button.disabled || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      show(await post(`/api/requests/${requestId}/path/`));
      fitTo(map, layer.places());
      const text = ngettext("Path built with %s point.", "Path built with %s points.", points.length);
      toast(interpolate(text, [points.length]), { tone: "confirmed", kind: "result" });
    } catch (error) {
      errorToast(error);
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  function show(path) {
    points = path.points;
    for (const { sighting } of points) {
      // Keep the first address of a picture: it is in the browser's cache.
      if (pictures.has(sighting.id)) sighting.picture = pictures.get(sighting.id);
      else pictures.set(sighting.id, sighting.picture);
    }
    layer.set(points);
    byId("path-fit").hidden = points.length < 1;
    const nothing = h("li", { class: "strip-empty" }, icon("path", "icon big"), emptyText);
    byId("path-strip").replaceChildren(...(points.length ? stripItems(points, { onSelect: select, onHover: layer.highlight }) : [nothing]));
    byId("path-summary").textContent = summary(points);
    compare();
  }

  /** Say so when what is confirmed is no longer what the path shows. */
  function compare() {
    if (!button || points === null) return;
    const now = confirmed();
    const shown = new Set(points.map((point) => point.sighting.id));
    const isStale = now.size !== shown.size || [...now].some((id) => !shown.has(id));
    button.disabled = !now.size;
    button.classList.toggle("primary", isStale && now.size > 0);
    byId("path-stale").hidden = !(isStale && now.size && shown.size);
    button.textContent = shown.size ? gettext("Build path again") : gettext("Build path");
  }

  function select(number, isFromStrip = true) {
    markCard(byId("path-strip"), number, { isShown: !isFromStrip });
    layer.highlight(number);
    if (isFromStrip) layer.open(number);
  }

  if (button) button.addEventListener("click", build);
  byId("path-fit").addEventListener("click", () => fitTo(map, layer.places()));
  return { load, build, compare };
}
