/** The path: its strip of cards, its line on the map, building it, and whether it is still what is confirmed. */
import { get, post } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { clock, duration, metres, timeElement } from "./format.js";
import { fitTo } from "./map.js";
import { addPathLayer, hopText } from "./path_layer.js";
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
    byId("path-strip").replaceChildren(...(points.length ? points.flatMap(card) : [nothing]));
    byId("path-summary").textContent = points.length ? summary(points) : "";
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
    for (const item of byId("path-strip").querySelectorAll(".path-card")) {
      const isCurrent = Number(item.dataset.number) === number;
      item.classList.toggle("current", isCurrent);
      if (isCurrent && !isFromStrip) item.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    layer.highlight(number);
    if (isFromStrip) layer.open(number);
  }

  function card(point) {
    const { sighting } = point;
    const body = h("li", { class: `path-card${point.is_impossible ? " impossible" : ""}`, dataset: { number: point.number } },
      h("button", { type: "button", onclick: () => select(point.number), onmouseenter: () => layer.highlight(point.number) },
        h("img", { src: sighting.picture, alt: "", loading: "lazy" }),
        h("span", { class: "path-number" }, String(point.number)),
        h("span", { class: "path-text" }, timeElement(sighting.first_seen_at, { withDay: false }),
          h("span", { class: "path-camera", title: sighting.camera_name }, sighting.camera_name),
          h("span", { class: "muted small" }, interpolate(gettext("until %s"), [clock(sighting.last_seen_at)])))));
    return point.hop_m === null ? [body] : [hop(point), body];
  }

  if (button) button.addEventListener("click", build);
  byId("path-fit").addEventListener("click", () => fitTo(map, layer.places()));
  return { load, build, compare };
}

function hop(point) {
  return h("li", { class: `path-hop${point.is_impossible ? " impossible" : ""}`, title: `${hopText(point)} (${gettext("from leaving the one view to entering the next")})` },
    point.is_impossible ? icon("warning") : icon("chevron"),
    h("b", {}, metres(point.hop_m)), h("span", {}, duration(point.hop_s)), h("span", {}, hopText(point).split(" · ")[2] ?? ""),
    point.is_impossible && h("span", { class: "flag" }, gettext("impossible")));
}

function summary(points) {
  const length = points.reduce((sum, point) => sum + (point.hop_m ?? 0), 0);
  const seconds = (Date.parse(points.at(-1).sighting.last_seen_at) - Date.parse(points[0].sighting.first_seen_at)) / 1000;
  return `${interpolate(ngettext("%s point", "%s points", points.length), [points.length])} · ${metres(length)} · ${duration(seconds)}`;
}
