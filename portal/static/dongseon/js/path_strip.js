/** A path as a strip of cards, one for each stay, with the hops between them. */
import { h, icon } from "./dom.js";
import { clock, duration, metres, speed, timeElement } from "./format.js";
import { hopText } from "./path_layer.js";
import { plateDoubt, platesOf, staysOf } from "./stays.js";

/**
 * @param {Object[]} points  the path's points, as the API gives them
 * @param {{onSelect: (number: number) => void, onHover: (number: number|null) => void, onPlay?: Function,
 *   onRemove?: (stay: Object, button: HTMLElement) => void}} listeners
 * @returns {HTMLElement[]} the strip's items
 */
export function stripItems(points, listeners) {
  return staysOf(points).flatMap((stay, at) => (at ? [hop(stay.first), card(stay, listeners)] : [card(stay, listeners)]));
}

function card(stay, { onSelect, onHover, onPlay = null, onRemove = null }) {
  const { first, last, points } = stay;
  const { sighting } = first;
  const plates = platesOf(stay).join(" / ");
  const doubt = points.map(plateDoubt).find(Boolean);
  const verb = (name, label, act) => h("button", { type: "button", class: "icon-button", title: label,
    "aria-label": `${label}: ${stay.label}`, onclick: (event) => act(event.currentTarget) }, icon(name));
  return h("li", { class: `path-card${first.is_impossible ? " impossible" : ""}`,
    dataset: { kind: sighting.kind, number: first.number, last: last.number }, onmouseleave: () => onHover(null) },
    h("button", { type: "button", onclick: () => onSelect(first.number), onmouseenter: () => onHover(first.number), onfocus: () => onHover(first.number) },
      sighting.picture ? h("img", { src: sighting.picture, alt: "", loading: "lazy" }) : icon("picture", "icon big"),
      h("span", { class: "path-number" }, stay.label),
      h("span", { class: "path-text" }, timeElement(sighting.first_seen_at, { withDay: false }),
        h("span", { class: "path-camera", title: sighting.camera_name }, sighting.camera_name),
        plates && h("span", { class: "path-plate small", title: plates }, plates),
        doubt && h("span", { class: "plate-doubt small", title: doubt }, icon("warning"), gettext("another plate")),
        h("span", { class: "path-until small" }, interpolate(gettext("until %s"), [clock(last.sighting.last_seen_at)])),
        points.length > 1 && h("span", { class: "path-stay small" }, interpolate(gettext("stay of %s"), [stayText(stay)])))),
    (onPlay || onRemove) && h("span", { class: "path-verbs" },
      onPlay && verb("play", gettext("Play from here"), () => onPlay(first.number)),
      onRemove && verb("close", gettext("Take off the path"), (button) => onRemove(stay, button))));
}

const seconds = (from, until) => (Date.parse(until.sighting.last_seen_at) - Date.parse(from.sighting.first_seen_at)) / 1000;
const stayText = ({ first, last }) => duration(Math.max(1, seconds(first, last)));

/** Mark the card of a point in `strip`; `isShown` scrolls it into view. */
export function markCard(strip, number, { isShown = false } = {}) {
  for (const item of strip.querySelectorAll(".path-card")) {
    const isCurrent = Number(item.dataset.number) <= number && number <= Number(item.dataset.last);
    item.classList.toggle("current", isCurrent);
    if (isCurrent && isShown) item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function hop(point) {
  return h("li", { class: `path-hop${point.is_impossible ? " impossible" : ""}`, title: `${hopText(point)} (${gettext("from leaving the one view to entering the next")})` },
    point.is_impossible ? icon("warning") : icon("chevron"),
    h("b", {}, metres(point.hop_m)), h("span", {}, duration(point.hop_s)), h("span", {}, speed(point.speed_mps)),
    point.is_impossible && h("span", { class: "flag" }, gettext("impossible")));
}

/** "4 points · 1.2 km · 12 min · avg. 4.1 km/h" */
export function summary(points) {
  if (!points.length) return "";
  const length = points.reduce((sum, point) => sum + (point.hop_m ?? 0), 0);
  const took = seconds(points[0], points.at(-1));
  const pace = length && took > 0 ? interpolate(gettext("avg. %s"), [speed(length / took)]) : "";
  return [interpolate(ngettext("%s point", "%s points", points.length), [points.length]), metres(length), duration(took), pace]
    .filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}
