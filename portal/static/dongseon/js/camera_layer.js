/** Cameras on the map: all on one canvas, together where they are dense; blue when chosen, ringed when in focus. */
import { CameraCanvas } from "./camera_canvas.js";
import { bubbleRadius, createGlyphs } from "./camera_glyphs.js";
import { tipOf } from "./camera_tip.js";
import { createLayouts } from "./clusters.js";
import { signal } from "./dom.js";
import { lazily, soon } from "./lazily.js";
import { isStill } from "./map.js";
import { themeChanged } from "./page.js";

const NEAR_PX = 11;
const CLOSEST_ZOOM = 18;

/**
 * A click chooses a camera (or calls `onPick`); on a bubble it zooms in, with Shift it chooses all of it; a right click,
 * a long press, or a click with Ctrl opens a card.
 *
 * @param {L.Map} map
 * @param {Object} cameras from cameras.js
 * @param {{canChoose?: boolean, onPick?: (row: Object) => void, onOpen?: (row: Object) => void}} options
 *   `onOpen`: in place of the card
 * @returns {Object} `focus(id|null, {pan})` rings a camera until another one is; `hover(id|null)` rings one for a moment;
 *   `hovered` tells which camera is under the pointer, or null; `preview(Set|null)` shows a choice that is not made yet;
 *   `pause(isPaused)` leaves clicks to somebody else; `at(point)` is the item at a point of the map's box, or null;
 *   `open(id)` opens its card; `reload()` after rows were added or moved; `remove()`
 */
export function addCameraLayer(map, cameras, { canChoose = true, onPick = null, onOpen = null } = {}) {
  map.createPane("cameras").style.zIndex = 420;
  map.getPane("cameras").style.pointerEvents = "none";
  const hovered = signal();
  const focusRing = ring("focus");
  const hoverRing = ring("hover");
  const tip = L.tooltip({ direction: "top", className: "camera-tip", interactive: false });
  const canvas = new CameraCanvas(paint, { pane: "cameras" });
  const cards = lazily(soon(() => import("./camera_card.js")), (script) => script);
  let layouts = createLayouts(cameras.known ?? cameras.rows);
  let glyphs = createGlyphs();
  let preview = null;
  let isPaused = false;
  let under = null;

  const layout = () => layouts(map.getZoom());
  const isChosen = (id) => (preview ?? cameras.chosen).has(id);
  const rowsChosen = (item) => item.rows.reduce((sum, row) => sum + isChosen(row.id), 0);
  const placeOf = (item) => map.unproject([item.x, item.y], map.getZoom());

  function paint(context, bounds) {
    const origin = map.getPixelOrigin();
    const margin = 40;
    const items = layout().within(bounds.min.x + origin.x - margin, bounds.min.y + origin.y - margin,
      bounds.max.x + origin.x + margin, bounds.max.y + origin.y + margin);
    context.translate(-origin.x, -origin.y);
    const single = items.filter((item) => item.kind === "camera");
    glyphs.begin(context, single, isChosen, map.getZoom());
    for (const isOn of [false, true]) {
      for (const item of single) if (isChosen(item.rows[0].id) === isOn) glyphs.camera(context, item, isOn);
    }
    for (const item of items) if (item.kind !== "camera") glyphs.bubble(context, item, rowsChosen(item));
    if (!performance.getEntriesByName("cameras-painted").length) performance.mark("cameras-painted");
  }

  /** The item at a point of the map's box: the nearest one of those that reach it. */
  function at(point) {
    const { x, y } = map.containerPointToLayerPoint(point).add(map.getPixelOrigin());
    let best = null;
    let least = Infinity;
    for (const item of layout().within(x - 30, y - 30, x + 30, y + 30)) {
      const reach = item.kind === "camera" ? NEAR_PX : bubbleRadius(item.rows.length) + 3;
      const away = Math.hypot(item.x - x, item.y - y);
      if (away <= reach && away / reach < least) [best, least] = [item, away / reach];
    }
    return best;
  }

  function onMove(event) {
    const found = isPaused ? null : at(event.containerPoint);
    if (found === under) return;
    under = found;
    map.getContainer().classList.toggle("on-camera", Boolean(under));
    showTip();
    hovered.emit(under?.kind === "camera" ? under.rows[0].id : null);
  }

  function showTip() {
    if (!under) return map.closeTooltip(tip);
    tip.options.offset = L.point(0, under.kind === "camera" ? -8 : -bubbleRadius(under.rows.length));
    return map.openTooltip(tip.setContent(tipOf(under.rows, rowsChosen(under), canChoose)).setLatLng(placeOf(under)));
  }

  function leave() {
    under = null;
    map.closeTooltip(tip);
    map.getContainer().classList.remove("on-camera");
    hovered.emit(null);
  }

  function onClick({ containerPoint, originalEvent }) {
    const item = isPaused ? null : at(containerPoint);
    if (!item) return;
    if (originalEvent.ctrlKey || originalEvent.metaKey || originalEvent.altKey) open(item);
    else if (item.kind === "camera") pick(item.rows[0]);
    else if (originalEvent.shiftKey && canChoose) toggleAll(item);
    else if (item.kind === "pole") open(item);
    else zoomTo(item);
  }

  function pick(row) {
    if (onPick) onPick(row);
    else if (canChoose) cameras.toggle(row.id);
  }

  function toggleAll(item) {
    const ids = item.rows.map((row) => row.id);
    cameras.apply(ids, rowsChosen(item) === ids.length ? "remove" : "add");
  }

  function zoomTo(item) {
    const bounds = L.latLngBounds(item.rows.map((row) => [row.latitude, row.longitude]));
    const zoom = Math.max(Math.min(map.getBoundsZoom(bounds.pad(0.2)), CLOSEST_ZOOM), Math.min(map.getZoom() + 1, map.getMaxZoom()));
    map.setView(bounds.getCenter(), zoom, { animate: !isStill() });
  }

  function open(item) {
    leave();
    if (item.rows.length === 1 && onOpen) return onOpen(item.rows[0]);
    return cards((script) => openCard(item, script));
  }

  function openCard(item, { cameraCard, listCard }) {
    const popup = L.popup({ className: "camera-popup", minWidth: 230, maxWidth: 300, offset: [0, -4], autoPanPadding: [50, 50] });
    const options = { cameras, canChoose, onPick: onOpen ? (row) => { popup.close(); onOpen(row); } : null };
    popup.setLatLng(placeOf(item)).setContent(item.rows.length === 1 ? cameraCard(item.rows[0], options) : listCard(item.rows, options));
    popup.openOn(map);
  }

  function ring(name) {
    const marker = L.marker([0, 0], { pane: "cameras", interactive: false, keyboard: false,
      icon: L.divIcon({ className: `camera-ring ${name}`, html: "", iconSize: [0, 0] }) });
    return { marker, id: null };
  }

  /** Where the camera is drawn at this zoom: alone, beside its pole, or within a bubble. */
  function placeRing(target, id) {
    target.id = cameras.get(id) ? id : null;
    const item = target.id === null ? null : layout().of.get(id);
    if (!item) return target.marker.remove();
    target.marker.setLatLng(placeOf(item)).addTo(map);
    const radius = item.kind === "camera" ? 11 : bubbleRadius(item.rows.length) + 5;
    return target.marker.getElement().style.setProperty("--radius", `${radius}px`);
  }

  const placeRings = () => { for (const target of [focusRing, hoverRing]) placeRing(target, target.id); };

  /** A double click on cameras is two clicks on them, not a wish to look closer. */
  function onDoubleClick(event) {
    if (!isPaused && at(map.mouseEventToContainerPoint(event))) event.stopPropagation();
  }

  const events = { mousemove: onMove, mouseout: leave, click: onClick, zoomstart: leave, zoomend: placeRings,
    contextmenu: ({ containerPoint }) => { const item = isPaused ? null : at(containerPoint); if (item) open(item); } };
  map.on(events);
  map.getContainer().addEventListener("dblclick", onDoubleClick, true);
  cameras.changed.on(() => {
    canvas.repaint();
    if (under) showTip();
  });
  themeChanged.on(() => { glyphs = createGlyphs(); canvas.repaint(); });
  canvas.addTo(map);

  return {
    hovered,
    at,
    focus(id, { pan = true } = {}) {
      placeRing(focusRing, id);
      const row = cameras.get(id);
      const place = row && [row.latitude, row.longitude];
      if (row && pan && !map.getBounds().pad(-0.15).contains(place)) map.panTo(place, { animate: !isStill() });
    },
    hover: (id) => placeRing(hoverRing, id),
    open(id) {
      const item = layout().of.get(id);
      if (item) open(item.kind === "camera" ? item : { ...item, rows: [cameras.get(id)] });
    },
    preview(ids) {
      preview = ids;
      canvas.repaint();
    },
    pause(value) {
      isPaused = value;
      leave();
    },
    reload() {
      layouts = createLayouts(cameras.known ?? cameras.rows);
      placeRings();
      canvas.repaint();
    },
    remove() {
      map.off(events);
      map.getContainer().removeEventListener("dblclick", onDoubleClick, true);
      for (const layer of [canvas, focusRing.marker, hoverRing.marker, tip]) layer.remove();
    },
  };
}
