/** What the tools of choosing draw with: lines below the pointer, handles to pull, a tip that follows. */
import { h } from "./dom.js";

const STILL_PX = 4;
const NOT_MAP = ".leaflet-control, .leaflet-popup, .leaflet-marker-icon, .map-tools";

/** @param {L.Map} map */
export function createSketch(map) {
  map.createPane("sketch").style.zIndex = 430;
  map.getPane("sketch").style.pointerEvents = "none";
  const renderer = L.svg({ pane: "sketch", padding: 0.5 });
  const tip = L.tooltip({ permanent: true, direction: "right", offset: [16, 0], className: "sketch-tip", interactive: false });
  const layers = new Set();
  const keep = (layer) => { layers.add(layer); return layer.addTo(map); };

  return {
    circle: (place, radius) => keep(L.circle(place, { radius, renderer, className: "sketch", interactive: false })),
    rectangle: (bounds) => keep(L.rectangle(bounds, { renderer, className: "sketch", interactive: false })),
    polygon: (places) => keep(L.polygon(places, { renderer, className: "sketch", interactive: false })),
    line: (places, className = "sketch-line", weight = 2) =>
      keep(L.polyline(places, { renderer, className, weight, interactive: false, smoothFactor: 0, lineCap: "round", lineJoin: "round" })),
    /** A point that can be pulled. */
    handle(place, { name = "", title = "", onMove, onEnd }) {
      const icon = L.divIcon({ className: `sketch-handle ${name}`, html: "", iconSize: [14, 14] });
      const marker = keep(L.marker(place, { icon, title, draggable: true, keyboard: false, zIndexOffset: 2000 }));
      const read = () => [marker.getLatLng().lat, marker.getLatLng().lng];
      return marker.on("drag", () => onMove(read())).on("dragend", () => onEnd(read()));
    },
    say(place, text) {
      map.openTooltip(tip.setContent(h("span", {}, text)).setLatLng(place));
    },
    clear() {
      for (const layer of layers) layer.remove();
      layers.clear();
      map.closeTooltip(tip);
    },
  };
}

/** Pull over the map with the first button, or one finger: `onStart`, `onMove`, `onEnd` get places; `onClick` where nothing was pulled. */
export function addPull(map, { onStart, onMove, onEnd, onClick }) {
  const box = map.getContainer();
  const place = (event) => { const { lat, lng } = map.mouseEventToLatLng(event); return [lat, lng]; };
  let from = null;
  let isPulled = false;

  function down(event) {
    if (event.button !== 0 || !event.isPrimary || event.target.closest(NOT_MAP)) return;
    from = event;
    isPulled = false;
    box.setPointerCapture(event.pointerId);
  }

  function move(event) {
    if (!from) return;
    if (!isPulled && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) < STILL_PX) return;
    if (!isPulled) onStart(place(from));
    isPulled = true;
    onMove(place(event));
  }

  function up(event) {
    if (!from) return;
    from = null;
    if (isPulled) onEnd(place(event));
    else onClick?.(place(event));
  }

  const cancel = () => { from = null; };
  const events = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel };
  for (const [name, act] of Object.entries(events)) box.addEventListener(name, act);
  map.dragging.disable();
  map.boxZoom.disable();
  return {
    cancel,
    stop() {
      for (const [name, act] of Object.entries(events)) box.removeEventListener(name, act);
      map.dragging.enable();
      map.boxZoom.enable();
    },
  };
}
