/** The camera in focus on the map: its field of view, its marker that can be dragged, and the ghost of where it stood. */
import { degrees } from "./camera_dial.js";
import { icon, token } from "./dom.js";
import { metres } from "./format.js";
import { themeChanged } from "./page.js";

const VIEW_PX = 84;
const COARSE_DEG = 15;
const STEP_DEG = 3;
// Farther away the field of view would cover quarters that the camera does not see.
const VIEW_FROM_ZOOM = 14;

/**
 * @param {L.Map} map
 * @param {{onDrag: (from: number[]|null) => void, onEnd: () => void, onDrop: (place: number[]) => void}} listeners
 *   `onDrag`: the marker is dragged from there, or (null) the direction; `onEnd`: no longer; `onDrop`: the marker lies there
 * @returns {Object} `show(place, bearing, view, {canDrag, onTurn})`; `at()` the marker's place; `moveTo(place)`;
 *   `ghost(place|null)` marks where it stood, with a line and the distance; `hide()`
 */
export function createPlace(map, { onDrag, onEnd, onDrop }) {
  map.createPane("camera-view").style.zIndex = 410;
  map.createPane("camera-hand").style.zIndex = 640;
  const view = L.polygon([], { pane: "camera-view", interactive: false, weight: 1.5, fillOpacity: 0.2, smoothFactor: 0, renderer: L.svg({ pane: "camera-view" }) });
  const marker = L.marker([0, 0], { pane: "camera-hand", draggable: true, keyboard: false, autoPan: true, icon: sign("camera-hand", 28, icon("move")) });
  const handle = L.marker([0, 0], { pane: "camera-hand", draggable: true, keyboard: false, icon: sign("camera-turn", 18) });
  const old = L.marker([0, 0], { pane: "camera-view", interactive: false, keyboard: false, icon: sign("camera-ghost", 20) });
  const line = L.polyline([], { pane: "camera-view", interactive: false, weight: 2, dashArray: "6 5", renderer: view.options.renderer });
  const label = L.tooltip({ permanent: true, direction: "top", className: "camera-tip camera-distance", offset: [0, -14] });
  let now = null;
  let from = null;

  function show(place, bearing, width, { canDrag = false, onTurn = null } = {}) {
    now = { place, bearing, width, onTurn };
    if (canDrag) marker.addTo(map);
    else marker.remove();
    marker.setLatLng(place);
    draw();
  }

  function draw() {
    if (!now) return;
    const colour = token("--accent");
    const isNear = map.getZoom() >= VIEW_FROM_ZOOM || now.onTurn;
    const isDrawn = isNear && (now.bearing !== null || now.width >= 360);
    view.setStyle({ color: colour, fillColor: colour });
    if (isDrawn) view.setLatLngs(sector()).addTo(map);
    else view.remove();
    if (now.onTurn) handle.setLatLng(away(now.bearing ?? 0, VIEW_PX)).addTo(map);
    else handle.remove();
    handle.getElement()?.classList.toggle("unset", now.bearing === null);
    if (!from) return;
    line.setLatLngs([from, now.place]).setStyle({ color: colour });
    label.setContent(metres(map.distance(from, now.place))).setLatLng(now.place);
  }

  function away(deg, px) {
    const angle = (deg * Math.PI) / 180;
    return map.unproject(map.project(now.place).add([px * Math.sin(angle), -px * Math.cos(angle)]));
  }

  function sector() {
    const width = Math.min(now.width, 360);
    const count = Math.max(2, Math.ceil(width / STEP_DEG));
    const start = (now.bearing ?? 0) - width / 2;
    const arc = Array.from({ length: count + 1 }, (_, n) => away(start + (width * n) / count, VIEW_PX));
    return width >= 360 ? arc : [now.place, ...arc];
  }

  function ghost(place) {
    from = place;
    if (!place) for (const layer of [old, line, label]) layer.remove();
    else {
      old.setLatLng(place).addTo(map);
      line.addTo(map);
      label.setLatLng(now.place).addTo(map);
    }
    draw();
  }

  function moveTo(place) {
    now = { ...now, place };
    marker.setLatLng(place);
    draw();
  }

  function turn({ originalEvent }) {
    const point = map.project(handle.getLatLng()).subtract(map.project(now.place));
    const deg = degrees(point.x, point.y);
    now.bearing = originalEvent?.shiftKey ? (Math.round(deg / COARSE_DEG) * COARSE_DEG) % 360 : deg;
    now.onTurn(now.bearing);
    draw();
  }

  const place = () => { const { lat, lng } = marker.getLatLng().wrap(); return [Number(lat.toFixed(7)), Number(lng.toFixed(7))]; };
  marker.on("dragstart", () => onDrag(now.place));
  marker.on("drag", () => { now = { ...now, place: place() }; draw(); });
  marker.on("dragend", () => { onEnd(); onDrop(place()); });
  handle.on("dragstart", () => onDrag(null));
  handle.on("drag", turn);
  handle.on("dragend", () => { onEnd(); draw(); });
  map.on("zoomend", draw);
  themeChanged.on(draw);
  return {
    show,
    ghost,
    moveTo,
    at: () => now?.place ?? null,
    hide() {
      ghost(null);
      now = null;
      for (const layer of [view, marker, handle]) layer.remove();
    },
  };
}

const sign = (className, size, html = "") => L.divIcon({ className, html, iconSize: [size, size] });
