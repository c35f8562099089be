/** The map itself: its base and its controls. */
import { addBoundaries } from "./boundaries.js";
import { byId, h, icon } from "./dom.js";

const SEJONG = [36.4801, 127.289];

/**
 * @param {{hasTiles: boolean}} options
 * @returns {L.Map}
 */
export function createMap({ hasTiles }) {
  // Single shapes are SVG: a canvas of Leaflet's above the cameras would swallow every other move of the pointer.
  const map = L.map("map", {
    minZoom: 6, maxZoom: 19, zoomControl: false, zoomSnap: 0.5, wheelPxPerZoomLevel: 90,
    center: SEJONG, zoom: 14, boxZoom: true, fadeAnimation: !isStill(), zoomAnimation: !isStill(),
  });
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false, position: "bottomright", maxWidth: 120 }).addTo(map);
  L.control.zoom({ position: "topright", zoomInTitle: gettext("Zoom in"), zoomOutTitle: gettext("Zoom out") }).addTo(map);
  if (hasTiles) L.tileLayer("/map/tiles/{z}/{x}/{y}.png", { maxZoom: 19, className: "base-tiles" }).addTo(map);
  else addBoundaries(map);
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(byId("map"));
  return map;
}

/** Whether this person asked the system for less motion. */
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Add a button below the zoom buttons. */
export function addMapButton(map, { iconName, title, onClick }) {
  const Control = L.Control.extend({
    onAdd() {
      const button = h("button", { type: "button", class: "map-button", title, "aria-label": title }, icon(iconName));
      button.addEventListener("click", onClick);
      const box = h("div", { class: "leaflet-bar" }, button);
      L.DomEvent.disableClickPropagation(box);
      return box;
    },
  });
  map.addControl(new Control({ position: "topright" }));
}

/** Move the map so that these places are all in view. */
export function fitTo(map, places, { isAnimated = !isStill() } = {}) {
  if (!places.length) return;
  const move = () => map.fitBounds(L.latLngBounds(places), { padding: [60, 60], maxZoom: 17, animate: isAnimated });
  // Leaflet drops a move that comes while a zoom is still running.
  if (map._animatingZoom) map.once("zoomend", move);
  else move();
}
