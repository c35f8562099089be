/** Cameras on the map: blue when chosen, grey when not, ringed when in focus. */
import { CameraMarker } from "./camera_marker.js";
import { token } from "./dom.js";
import { isStill } from "./map.js";
import { themeChanged } from "./page.js";

/**
 * @param {L.Map} map
 * @param {Object} cameras from cameras.js
 * @param {{canChoose?: boolean}} options
 * @returns {{focus: (id: number) => void}}
 */
export function addCameraLayer(map, cameras, { canChoose = true } = {}) {
  const markers = new Map();
  const halo = L.circleMarker([0, 0], { radius: 12, weight: 2.5, fill: false, interactive: false });
  for (const row of cameras.rows) markers.set(row.id, addMarker(row));

  function addMarker(row) {
    const marker = new CameraMarker([row.latitude, row.longitude], {
      ...style(row.id), bearing: row.bearing_deg, view: row.field_of_view_deg, bubblingMouseEvents: false,
    });
    marker.bindTooltip(() => tooltip(row), { direction: "top", offset: [0, -6], className: "camera-tip" });
    if (canChoose) marker.on("click", () => cameras.toggle(row.id));
    return marker.addTo(map);
  }

  function style(id) {
    const isChosen = cameras.chosen.has(id);
    return {
      radius: isChosen ? 6 : 5, weight: 1.5, color: token("--map-camera-edge"), fillOpacity: 1,
      fillColor: token(isChosen ? "--map-camera" : "--map-camera-off"),
    };
  }

  function restyle() {
    for (const [id, marker] of markers) marker.setStyle(style(id)).setRadius(style(id).radius);
    halo.setStyle({ color: token("--accent") });
  }

  cameras.changed.on(restyle);
  themeChanged.on(restyle);
  return {
    /** Ring a camera, or none; `pan` moves the map to it if it is out of sight. */
    focus(id, { pan = true } = {}) {
      const row = cameras.get(id);
      if (!row) return halo.remove();
      const place = [row.latitude, row.longitude];
      halo.setLatLng(place).setStyle({ color: token("--accent") }).addTo(map);
      if (pan && !map.getBounds().pad(-0.15).contains(place)) map.panTo(place, { animate: !isStill() });
      return halo;
    },
  };
}

function tooltip(row) {
  const box = document.createElement("div");
  const name = document.createElement("b");
  name.textContent = row.name;
  box.append(name, document.createElement("br"), row.code);
  if (row.status === "maintenance") box.append(` · ${gettext("under maintenance")}`);
  if (!row.recorded_from) box.append(` · ${gettext("no recording")}`);
  return box;
}
