/** The path on the map: numbered stops, lines with arrows and what each hop took, hops nobody could have made in red. */
import { h, icon, token } from "./dom.js";
import { clock, day, duration, metres, speed } from "./format.js";
import { themeChanged } from "./page.js";
import { placeOf, plateDoubt, plateOf, staysOf } from "./stays.js";

const MARKER_PX = 26;
const MOST_SIDE_BY_SIDE = 4;
const ARROW_EVERY_PX = 200;
const FULL_ARROW_PX = 46;
const SHORTEST_ARROW_PX = 14;
const LABEL_FROM_PX = 130;
const WARNING_FROM_PX = 26;

/**
 * @param {L.Map} map
 * @param {{onSelect: (number: number, isFromStrip: boolean) => void, onHover?: (number: number|null) => void,
 *   onSearchFrom?: Function, onPlay?: (number: number) => void}} listeners
 */
export function addPathLayer(map, { onSelect, onHover = () => {}, onSearchFrom = null, onPlay = null }) {
  map.createPane("path").style.zIndex = 450;
  const renderer = L.canvas({ pane: "path", padding: 0.4 });
  map.getPane("path").style.pointerEvents = "none";
  const [lines, signs, stops] = [L.layerGroup().addTo(map), L.layerGroup().addTo(map), L.layerGroup().addTo(map)];
  const markers = new Map();
  let [points, stays, current] = [[], [], null];

  function set(next) {
    points = next;
    stays = staysOf(points);
    draw();
  }

  function draw() {
    drawStops();
    drawLines();
    drawSigns();
  }

  // ── Stops: each number can be read, also where several stand at one place ──

  function drawStops() {
    stops.clearLayers();
    markers.clear();
    for (const group of groupsNear(stays, (stay) => map.latLngToLayerPoint(stay.place))) {
      if (group.length > MOST_SIDE_BY_SIDE) addMerged(group);
      else group.forEach((stay, at) => addStop(stay, group, at));
    }
    mark();
  }

  function addStop(stay, group, at) {
    const width = Math.max(MARKER_PX, 12 + 8 * stay.label.length);
    const own = map.latLngToLayerPoint(stay.place);
    const middle = group.reduce((sum, { place }) => sum.add(map.latLngToLayerPoint(place)), L.point(0, 0)).divideBy(group.length);
    const aside = L.point((at - (group.length - 1) / 2) * (width + 2), 0);
    const shift = group.length > 1 ? middle.add(aside).subtract(own) : L.point(0, 0);
    const time = h("span", { class: "path-time" }, clock(stay.first.sighting.first_seen_at).slice(0, 5));
    const marker = L.marker(stay.place, {
      title: label(stay), alt: label(stay), riseOnHover: true, zIndexOffset: 1000,
      icon: L.divIcon({ className: `path-marker${stay.first.is_impossible ? " impossible" : ""}`, iconSize: [width, MARKER_PX],
        iconAnchor: [width / 2 - shift.x, MARKER_PX / 2 - shift.y], html: h("div", {}, stay.label, group.length === 1 && time) }),
    });
    marker.bindPopup(() => popup(stay, { onSearchFrom, onPlay }),
      { offset: [shift.x, shift.y - 8], className: "path-popup", minWidth: 220, maxHeight: 300, autoPanPadding: [40, 40] });
    listen(marker, stay, () => onSelect(stay.first.number, false));
    for (const { number } of stay.points) markers.set(number, marker);
    if (shift.x ** 2 + shift.y ** 2 < 64) return;
    const to = map.layerPointToLatLng(own.add(shift));
    stops.addLayer(L.polyline([stay.place, to], { renderer, interactive: false, weight: 1.5, color: token("--map-path") }));
  }

  /** Too many to stand side by side: one sign, and a click that comes nearer. */
  function addMerged(group) {
    const text = `${group[0].label} … ${group.at(-1).label}`;
    const name = interpolate(gettext("%s stops near each other: come nearer"), [group.length]);
    const places = L.latLngBounds(group.map((stay) => stay.place));
    const width = 16 + 7 * text.length;
    const isImpossible = group.some((stay) => stay.first.is_impossible);
    const marker = L.marker(places.getCenter(), { title: name, alt: name, zIndexOffset: 1000,
      icon: L.divIcon({ className: `path-marker merged${isImpossible ? " impossible" : ""}`, html: text, iconSize: [width, MARKER_PX] }) });
    marker.bindPopup(() => h("div", {}, ...group.map((stay) => popup(stay, { onSearchFrom, onPlay }))),
      { className: "path-popup", minWidth: 220, maxHeight: 300 });
    listen(marker, group[0], () => {
      if (map.getZoom() >= map.getMaxZoom() || places.getNorthEast().equals(places.getSouthWest())) return;
      marker.closePopup();
      map.fitBounds(places, { padding: [80, 80], maxZoom: map.getMaxZoom() });
    });
    for (const stay of group) for (const { number } of stay.points) markers.set(number, marker);
  }

  function listen(marker, stay, onclick) {
    marker.on("click", onclick).on("mouseover", () => onHover(stay.first.number)).on("mouseout", () => onHover(null)).addTo(stops);
  }

  const mark = () => markers.forEach((marker) => marker.getElement()?.classList.toggle("current", marker === markers.get(current)));

  // ── Hops ──

  const hops = () => stays.slice(1).map((stay, at) => ({ from: stays[at].place, to: stay.place, point: stay.first }));

  function drawLines() {
    lines.clearLayers();
    const casing = { renderer, interactive: false, color: token("--map-casing"), weight: 7, opacity: 0.9 };
    for (const { from, to } of hops()) lines.addLayer(L.polyline([from, to], casing));
    for (const { from, to, point } of hops()) {
      lines.addLayer(L.polyline([from, to], { renderer, interactive: false, weight: 3.5,
        color: token(point.is_impossible ? "--bad" : "--map-path"), dashArray: point.is_impossible ? "7 8" : null }));
    }
  }

  /** Arrows and words, on the part of each hop that is in view. */
  function drawSigns() {
    signs.clearLayers();
    const size = map.getSize();
    const view = L.bounds(map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint(size));
    for (const hop of hops()) {
      const ends = [map.latLngToLayerPoint(hop.from), map.latLngToLayerPoint(hop.to)];
      const seen = L.LineUtil.clipSegment(...ends, view, false, true);
      if (seen) sign(hop, seen[0], seen[1]);
    }
  }

  function sign({ point }, from, to) {
    const length = from.distanceTo(to);
    const along = (share) => from.multiplyBy(1 - share).add(to.multiplyBy(share));
    const turn = Math.atan2(to.y - from.y, to.x - from.x);
    const count = Math.max(1, Math.round(length / ARROW_EVERY_PX));
    // Beyond the middle, so that the arrows of a way there and back do not meet.
    if (length >= SHORTEST_ARROW_PX) for (let n = 0; n < count; n += 1) arrow(point, along((n + 0.62) / count), turn, length < FULL_ARROW_PX);
    if (length < (point.is_impossible ? WARNING_FROM_PX : LABEL_FROM_PX)) return;
    // On the right of the way: the words of the way back stand on the other side.
    const beside = L.point(-Math.sin(turn), Math.cos(turn)).multiplyBy(15);
    const words = length >= LABEL_FROM_PX ? hopText(point) : "";
    const box = h("span", {}, point.is_impossible && icon("warning"), words);
    signs.addLayer(L.marker(map.layerPointToLatLng(along(0.4 / count).add(beside)), { interactive: false, keyboard: false,
      icon: L.divIcon({ className: `path-words${point.is_impossible ? " impossible" : ""}`, html: box, iconSize: [0, 0] }) }));
  }

  function arrow(point, at, turn, isSmall) {
    const tip = h("i", { style: { transform: `rotate(${turn}rad)${isSmall ? " scale(.7)" : ""}` } });
    signs.addLayer(L.marker(map.layerPointToLatLng(at), { interactive: false, keyboard: false,
      icon: L.divIcon({ className: `path-arrow${point.is_impossible ? " impossible" : ""}`, html: tip, iconSize: [16, 16] }) }));
  }

  map.on("zoomend", drawStops);
  map.on("moveend", drawSigns);
  themeChanged.on(draw);
  return {
    set,
    places: () => points.map(placeOf),
    open: (number) => markers.get(number)?.openPopup(),
    highlight(number) { current = number; mark(); },
  };
}

/** Put what lies within a marker's width of each other into one group, in the order given. */
function groupsNear(rows, pixelOf) {
  const pixels = rows.map(pixelOf);
  const group = rows.map((_row, at) => at);
  const root = (at) => (group[at] === at ? at : root(group[at]));
  rows.forEach((_row, a) => {
    for (let b = 0; b < a; b += 1) if (pixels[a].distanceTo(pixels[b]) < MARKER_PX) group[root(a)] = root(b);
  });
  const found = new Map();
  rows.forEach((row, at) => found.set(root(at), [...(found.get(root(at)) ?? []), row]));
  return [...found.values()];
}

const label = ({ label: numbers, first, last }) => `${numbers}: ${first.sighting.camera_name}, ${clock(first.sighting.first_seen_at)} – ${clock(last.sighting.last_seen_at)}`;

/** "120 m · 45 s · 9.6 km/h" */
export function hopText(point) {
  return [metres(point.hop_m), point.hop_s === null ? "" : duration(point.hop_s), speed(point.speed_mps)].filter(Boolean).join(" · ");
}

function popup(stay, verbs) {
  return h("div", {}, ...stay.points.map((point) => look(point, stay, verbs)));
}

function look(point, stay, { onSearchFrom, onPlay }) {
  const { sighting } = point;
  const isFirst = point === stay.first;
  return h("div", { class: "popup", dataset: { kind: sighting.kind } }, sighting.picture ? h("img", { src: sighting.picture, alt: "" }) : icon("picture", "icon big"),
    h("div", {}, h("b", {}, `${point.number} · ${sighting.camera_name}`), h("span", { class: "muted" }, sighting.camera_code),
      h("span", {}, `${day(sighting.first_seen_at)} ${clock(sighting.first_seen_at)} – ${clock(sighting.last_seen_at)}`),
      plateOf(sighting) && h("span", {}, h("b", { class: "plate" }, plateOf(sighting))),
      plateDoubt(point) && h("span", { class: "plate-doubt" }, icon("warning"), plateDoubt(point)),
      isFirst && point.hop_m !== null && h("span", {}, hopText(point)),
      point.is_impossible && h("span", { class: "flag" }, icon("warning"), gettext("Nobody could have gone this far in this time: check both.")),
      h("span", { class: "popup-verbs" },
        onPlay && h("button", { type: "button", class: "button small", onclick: () => onPlay(point.number) }, icon("play"), gettext("Play")),
        onSearchFrom && h("button", { type: "button", class: "button small", onclick: () => onSearchFrom(sighting) }, gettext("Search from this")))));
}
