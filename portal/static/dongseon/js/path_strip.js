/** A path as a strip of cards with the hops between them. */
import { h, icon } from "./dom.js";
import { clock, duration, metres, timeElement } from "./format.js";
import { hopText } from "./path_layer.js";

/**
 * @param {Object[]} points  the path's points, as the API gives them
 * @param {{onSelect: (number: number) => void, onHover: (number: number) => void}} listeners
 * @returns {HTMLElement[]} the strip's items
 */
export function stripItems(points, { onSelect, onHover }) {
  const cardOf = (point) => card(point, onSelect, onHover);
  return points.flatMap((point) => (point.hop_m === null ? [cardOf(point)] : [hop(point), cardOf(point)]));
}

function card(point, onSelect, onHover) {
  const { sighting } = point;
  return h("li", { class: `path-card${point.is_impossible ? " impossible" : ""}`, dataset: { number: point.number } },
    h("button", { type: "button", onclick: () => onSelect(point.number), onmouseenter: () => onHover(point.number) },
      sighting.picture ? h("img", { src: sighting.picture, alt: "", loading: "lazy" }) : icon("picture", "icon big"),
      h("span", { class: "path-number" }, String(point.number)),
      h("span", { class: "path-text" }, timeElement(sighting.first_seen_at, { withDay: false }),
        h("span", { class: "path-camera", title: sighting.camera_name }, sighting.camera_name),
        h("span", { class: "muted small" }, interpolate(gettext("until %s"), [clock(sighting.last_seen_at)])))));
}

/** Mark the card of a point in `strip`; `isShown` scrolls it into view. */
export function markCard(strip, number, { isShown = false } = {}) {
  for (const item of strip.querySelectorAll(".path-card")) {
    const isCurrent = Number(item.dataset.number) === number;
    item.classList.toggle("current", isCurrent);
    if (isCurrent && isShown) item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function hop(point) {
  return h("li", { class: `path-hop${point.is_impossible ? " impossible" : ""}`, title: `${hopText(point)} (${gettext("from leaving the one view to entering the next")})` },
    point.is_impossible ? icon("warning") : icon("chevron"),
    h("b", {}, metres(point.hop_m)), h("span", {}, duration(point.hop_s)), h("span", {}, hopText(point).split(" · ")[2] ?? ""),
    point.is_impossible && h("span", { class: "flag" }, gettext("impossible")));
}

/** "4 points · 1.2 km · 12 min" */
export function summary(points) {
  if (!points.length) return "";
  const length = points.reduce((sum, point) => sum + (point.hop_m ?? 0), 0);
  const seconds = (Date.parse(points.at(-1).sighting.last_seen_at) - Date.parse(points[0].sighting.first_seen_at)) / 1000;
  return `${interpolate(ngettext("%s point", "%s points", points.length), [points.length])} · ${metres(length)} · ${duration(seconds)}`;
}
