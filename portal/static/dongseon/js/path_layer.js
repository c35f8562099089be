/** The path on the map: numbered stops, a line with arrows, and hops nobody could have made in red. */
import { h, token } from "./dom.js";
import { clock, day, duration, metres, speed } from "./format.js";
import { themeChanged } from "./page.js";

const FAN_PX = 18;
const SHORTEST_ARROW_PX = 46;

/** @param {L.Map} map */
export function addPathLayer(map, { onSelect, onSearchFrom = null }) {
  map.createPane("path").style.zIndex = 450;
  const renderer = L.canvas({ pane: "path", padding: 0.4 });
  map.getPane("path").style.pointerEvents = "none";
  const lines = L.layerGroup().addTo(map);
  const arrows = L.layerGroup().addTo(map);
  const stops = L.layerGroup().addTo(map);
  const markers = new Map();
  let points = [];

  function set(next) {
    points = next;
    stops.clearLayers();
    markers.clear();
    const atPlace = new Map();
    for (const point of points) {
      const key = place(point).join();
      const nth = atPlace.get(key) ?? 0;
      atPlace.set(key, nth + 1);
      const marker = stop(point, nth).addTo(stops);
      markers.set(point.number, marker);
    }
    drawLines();
  }

  function stop(point, nth) {
    // Several stops at one camera stand side by side, so that each number can be read.
    const name = `path-marker${point.is_impossible ? " impossible" : ""}`;
    const marker = L.marker(place(point), {
      title: label(point), alt: label(point), riseOnHover: true, zIndexOffset: 1000,
      icon: L.divIcon({ className: name, html: String(point.number), iconSize: [26, 26], iconAnchor: [13 - nth * FAN_PX, 13] }),
    });
    marker.bindPopup(() => popup(point, onSearchFrom),
      { offset: [nth * FAN_PX, -8], className: "path-popup", minWidth: 220, autoPanPadding: [40, 40] });
    marker.on("click", () => onSelect(point.number, false));
    return marker;
  }

  function drawLines() {
    lines.clearLayers();
    const casing = { renderer, interactive: false, color: token("--map-casing"), weight: 7, opacity: 0.9 };
    const hops = points.slice(1).map((point, at) => [place(points[at]), place(point), point.is_impossible]);
    for (const [from, to] of hops) lines.addLayer(L.polyline([from, to], casing));
    for (const [from, to, isImpossible] of hops) {
      lines.addLayer(L.polyline([from, to], { renderer, interactive: false, weight: 3.5,
        color: token(isImpossible ? "--bad" : "--map-path"), dashArray: isImpossible ? "7 8" : null }));
    }
    drawArrows();
  }

  function drawArrows() {
    arrows.clearLayers();
    points.slice(1).forEach((point, before) => {
      const [from, to] = [map.latLngToLayerPoint(place(points[before])), map.latLngToLayerPoint(place(point))];
      if (from.distanceTo(to) < SHORTEST_ARROW_PX) return;
      // Beyond the middle, so that the arrows of a way there and back do not meet.
      const turn = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
      const arrow = h("i", { style: { transform: `rotate(${turn}deg)` } });
      const at = map.layerPointToLatLng(from.multiplyBy(0.4).add(to.multiplyBy(0.6)));
      arrows.addLayer(L.marker(at, { interactive: false, keyboard: false,
        icon: L.divIcon({ className: `path-arrow${point.is_impossible ? " impossible" : ""}`, html: arrow, iconSize: [16, 16] }) }));
    });
  }

  map.on("zoomend", drawArrows);
  themeChanged.on(drawLines);
  return {
    set,
    places: () => points.map(place),
    open: (number) => markers.get(number)?.openPopup(),
    highlight: (number) => markers.forEach((marker, key) => marker.getElement()?.classList.toggle("current", key === number)),
  };
}

const place = (point) => [point.sighting.latitude, point.sighting.longitude];
const label = (point) => `${point.number}: ${point.sighting.camera_name}, ${clock(point.sighting.first_seen_at)}`;

/** "120 m · 45 s · 9.6 km/h" */
export function hopText(point) {
  return [metres(point.hop_m), point.hop_s === null ? "" : duration(point.hop_s), speed(point.speed_mps)].filter(Boolean).join(" · ");
}

function popup(point, onSearchFrom) {
  const { sighting } = point;
  return h("div", { class: "popup" }, h("img", { src: sighting.picture, alt: "" }),
    h("div", {}, h("b", {}, `${point.number} · ${sighting.camera_name}`), h("span", { class: "muted" }, sighting.camera_code),
      h("span", {}, `${day(sighting.first_seen_at)} ${clock(sighting.first_seen_at)} – ${clock(sighting.last_seen_at)}`),
      point.hop_m !== null && h("span", {}, hopText(point)),
      point.is_impossible && h("span", { class: "flag" }, gettext("Nobody could have gone this far in this time: check both.")),
      onSearchFrom && h("button", { type: "button", class: "button small", onclick: () => onSearchFrom(sighting) }, gettext("Search from this"))));
}
