/** The answers of a request on the map: one at a time, its stops in the order of time. */
import { loadCameras } from "./cameras.js";
import { addCameraLayer } from "./camera_layer.js";
import { byId, readData } from "./dom.js";
import "./enlarge.js";
import { createMap, fitTo } from "./map.js";
import { addPathLayer } from "./path_layer.js";

const AROUND_ZOOM = 14.5;

/** @param {{hasTiles: boolean, lastSeen: [number, number]|null}} data */
export function createAnswersMap(data) {
  const map = createMap(data);
  const layer = addPathLayer(map, { onSelect: mark });
  let current = null;
  if (data.lastSeen) addLastSeen(map, data.lastSeen);
  loadCameras().then((cameras) => addCameraLayer(map, cameras, { canChoose: false })).catch(() => {}); // the path says enough

  const cards = () => [...document.querySelectorAll("[data-answer]")];
  const points = (card) => readData(card.dataset.points);

  /** Draw the answer with this number; without one, the latest that shows anything. */
  function show(number = null, { isAnimated = false } = {}) {
    const card = cards().find((row) => row.dataset.answer === number) ?? cards().find((row) => points(row).length) ?? null;
    byId("map-card").hidden = !cards().length && !data.lastSeen;
    current = card?.dataset.answer ?? null;
    layer.set(card ? points(card) : []);
    for (const button of document.querySelectorAll("[data-show-answer]")) {
      button.setAttribute("aria-pressed", String(button.dataset.showAnswer === current));
    }
    if (card) fitTo(map, layer.places(), { isAnimated });
    else if (data.lastSeen) map.setView(data.lastSeen, AROUND_ZOOM, { animate: false });
  }

  /** Show which sighting in the list belongs to the stop on the map. */
  function mark(number) {
    for (const button of document.querySelectorAll("[data-stop]")) {
      const isThis = button.closest("[data-answer]").dataset.answer === current && Number(button.dataset.stop) === number;
      button.classList.toggle("current", isThis);
    }
    layer.highlight(number);
  }

  document.addEventListener("click", ({ target }) => {
    const [whole, stop] = [target.closest("[data-show-answer]"), target.closest("[data-stop]")];
    if (whole) show(whole.dataset.showAnswer, { isAnimated: true });
    if (!stop) return;
    const { answer } = stop.closest("[data-answer]").dataset;
    if (answer !== current) show(answer);
    mark(Number(stop.dataset.stop));
    layer.open(Number(stop.dataset.stop));
  });
  show();
  /** After the answers were fetched anew: stay with the one that is shown, unless there is a newer one. */
  let latest = cards()[0]?.dataset.answer;
  return {
    refresh() {
      const isNew = cards()[0]?.dataset.answer !== latest;
      latest = cards()[0]?.dataset.answer;
      show(isNew ? null : current);
    },
  };
}

function addLastSeen(map, place) {
  const icon = L.divIcon({ className: "last-seen", html: "", iconSize: [18, 18] });
  L.marker(place, { icon, title: gettext("Last seen here"), alt: gettext("Last seen here"), keyboard: false }).addTo(map);
}
