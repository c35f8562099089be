/** Choose the cameras around a point: click the map, slide the radius. */
import { byId, token } from "./dom.js";
import { metres } from "./format.js";
import { themeChanged } from "./page.js";

const SHORTEST_M = 50;
const LONGEST_M = 5000;

export function addRadiusTool(map, cameras) {
  const button = byId("cameras-radius");
  const slider = byId("radius");
  const circle = L.circle([0, 0], { radius: radius(), interactive: false, weight: 1.5, dashArray: "5 5", fillOpacity: 0.07 });
  let centre = null;

  function radius() {
    // Even steps of the slider are even factors: 50 m and 5 km are both easy to reach.
    return Math.round((SHORTEST_M * (LONGEST_M / SHORTEST_M) ** (slider.value / 100)) / 10) * 10;
  }

  function apply() {
    byId("radius-value").textContent = metres(radius());
    if (!centre) return;
    circle.setLatLng(centre).setRadius(radius()).addTo(map);
    const isInside = (row) => map.distance(centre, [row.latitude, row.longitude]) <= radius();
    cameras.choose(cameras.rows.filter(isInside).map((row) => row.id));
  }

  function place(event) {
    centre = event.latlng;
    byId("radius-hint").hidden = true;
    apply();
  }

  function toggle() {
    const isOn = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOn));
    byId("radius-tool").hidden = !isOn;
    byId("radius-hint").hidden = !isOn;
    byId("map").classList.toggle("picking", isOn);
    centre = null;
    circle.remove();
    map.closePopup();
    if (isOn) map.on("click", place);
    else map.off("click", place);
  }

  function restyle() {
    circle.setStyle({ color: token("--accent"), fillColor: token("--accent") });
  }

  slider.addEventListener("input", apply);
  button.addEventListener("click", toggle);
  themeChanged.on(restyle);
  restyle();
  byId("radius-value").textContent = metres(radius());
}
