/** Choose the cameras around a point: pull outwards from it; a handle makes the circle larger, its middle moves it. */
import { h, icon } from "./dom.js";
import { metres } from "./format.js";
import { distance, eastOf } from "./geometry.js";
import { addPull } from "./sketch.js";

const SHORTEST_M = 10;
const LONGEST_M = 20000;
const FIRST_M = 300;

/**
 * A tool of chooser.js: `start(sketch)` and `stop()`. `onBegin()` tells that something new is drawn, and
 * `onShape({contains, place, size, isFinal})` what it is so far.
 * @param {{onShape: Function, onBegin: Function, lastSeen: () => [number, number]|null}} options
 */
export function createRadiusTool(map, { onShape, onBegin, lastSeen }) {
  const field = h("input", { type: "number", min: SHORTEST_M, max: LONGEST_M, step: 10, value: FIRST_M, inputmode: "numeric",
    onchange: () => { field.value = bounded(Number(field.value)); if (centre) draw(true); } });
  const around = h("button", { type: "button", class: "button small", onclick: () => { begin(lastSeen()); draw(true); map.panTo(centre); } },
    icon("pin"), gettext("Last place seen"));
  let sketch = null;
  let pull = null;
  let centre = null;
  let parts = null;

  const radius = () => bounded(Number(field.value));
  const handlers = (change) => ({ onMove: (place) => { change(place); draw(false); }, onEnd: (place) => { change(place); draw(true); } });
  const grow = (place) => { field.value = bounded(distance(centre, place)); };

  function draw(isFinal) {
    parts ??= make();
    const edge = eastOf(centre, radius());
    parts.circle.setLatLng(centre).setRadius(radius());
    parts.middle.setLatLng(centre);
    parts.edge.setLatLng(edge);
    onShape({ contains: (place) => distance(centre, place) <= radius(), place: edge, size: metres(radius()), isFinal });
  }

  function make() {
    return {
      circle: sketch.circle(centre, radius()),
      middle: sketch.handle(centre, { name: "middle", title: gettext("Move the circle"), ...handlers((place) => { centre = place; }) }),
      edge: sketch.handle(centre, { name: "edge", title: gettext("Pull the circle larger or smaller"), ...handlers(grow) }),
    };
  }

  function begin(place) {
    onBegin();
    centre = place;
  }

  return {
    hint: gettext("Pull outwards from a point of the map, or click it."),
    controls: () => {
      around.hidden = !lastSeen();
      return [h("label", {}, gettext("Radius"), field, "m"), around];
    },
    start(drawn) {
      sketch = drawn;
      pull = addPull(map, {
        onStart: begin,
        onMove: (place) => { grow(place); draw(false); },
        onEnd: (place) => { grow(place); draw(true); },
        onClick: (place) => { begin(place); draw(true); },
      });
    },
    /** Enter: around the middle of the map, for who has no mouse. */
    enter() {
      const { lat, lng } = map.getCenter();
      begin([lat, lng]);
      draw(true);
    },
    /** @returns {boolean} whether there was something to clear */
    clear() {
      const hadShape = Boolean(parts);
      pull?.cancel();
      sketch?.clear();
      [centre, parts] = [null, null];
      return hadShape;
    },
    stop: () => pull.stop(),
  };
}

const bounded = (value) => Math.round(Math.max(SHORTEST_M, Math.min(LONGEST_M, value || FIRST_M)) / 5) * 5;
