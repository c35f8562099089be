/** While a recording plays, a marker stands where its camera does. */

const STAYS_MS = 8000;

/** @param {L.Map} map  @param {Object} cameras  from cameras.js */
export function followFootage(map, cameras) {
  const walker = L.marker([0, 0], { interactive: false, keyboard: false, zIndexOffset: 2000, icon: L.divIcon({ className: "path-walker", iconSize: [36, 36] }) });
  let leaving = 0;
  document.addEventListener("footage:time", ({ detail }) => {
    const row = cameras.get(detail.camera);
    if (!row) return;
    walker.setLatLng([row.latitude, row.longitude]).addTo(map);
    clearTimeout(leaving);
    leaving = setTimeout(() => walker.remove(), STAYS_MS);
  });
}
