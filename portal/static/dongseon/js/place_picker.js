/** A place picked on a map: a click, or the map's middle by the keyboard, writes latitude and longitude. */
import { loadCameras } from "./cameras.js";
import { addCameraLayer } from "./camera_layer.js";
import { byId, token } from "./dom.js";
import { createMap, fitTo } from "./map.js";
import { themeChanged } from "./page.js";

const DIGITS = 6;

/**
 * @param {{hasTiles: boolean}} data
 * @returns {{setRadius: (metres: number|null) => void}} the circle shows how far a search may reach
 */
export function createPlacePicker(data) {
  const box = byId("place-picker");
  const fields = [byId(box.dataset.latitude), byId(box.dataset.longitude)];
  const map = createMap(data);
  const marker = L.marker([0, 0], { draggable: true, keyboard: false, icon: L.divIcon({ className: "last-seen", html: "", iconSize: [18, 18] }) });
  const circle = L.circle([0, 0], { radius: 1, weight: 1.5, interactive: false, fillOpacity: 0.06, dashArray: "5 5" });
  let radius = null;

  function read() {
    const numbers = fields.map((field) => (field.value.trim() === "" ? NaN : Number(field.value)));
    const isPlace = numbers.every(Number.isFinite) && Math.abs(numbers[0]) <= 90 && Math.abs(numbers[1]) <= 180;
    return isPlace ? numbers : null;
  }

  function show({ move = false } = {}) {
    const place = read();
    byId("place-clear").hidden = fields.every((field) => !field.value);
    if (!place) {
      marker.remove();
      circle.remove();
      return;
    }
    marker.setLatLng(place).addTo(map);
    if (radius) circle.setLatLng(place).setRadius(radius).setStyle({ color: token("--accent"), fillColor: token("--accent") }).addTo(map);
    else circle.remove();
    if (move) map.setView(place, Math.max(map.getZoom(), 14), { animate: false });
  }

  function write(latlng) {
    const wrapped = latlng.wrap();
    fields[0].value = wrapped.lat.toFixed(DIGITS);
    fields[1].value = wrapped.lng.toFixed(DIGITS);
    show();
  }

  function clear() {
    for (const field of fields) field.value = "";
    show();
    fields[0].focus();
  }

  map.on("click", ({ latlng }) => write(latlng));
  marker.on("dragend", () => write(marker.getLatLng()));
  for (const field of fields) field.addEventListener("change", () => show({ move: true }));
  byId("place-middle").addEventListener("click", () => write(map.getCenter()));
  byId("place-clear").addEventListener("click", clear);
  themeChanged.on(() => show());
  show({ move: true });
  showCameras(map, () => read() !== null);
  return {
    setRadius(metres) {
      radius = metres;
      show();
    },
  };
}

/** Where cameras stand helps to say where it was; where nothing was picked yet, the map begins with them. */
async function showCameras(map, isPicked) {
  try {
    const cameras = await loadCameras();
    addCameraLayer(map, cameras, { canChoose: false });
    if (!isPicked()) fitTo(map, cameras.rows.map((row) => [row.latitude, row.longitude]), { isAnimated: false });
  } catch {
    // A place can be picked without them.
  }
}
