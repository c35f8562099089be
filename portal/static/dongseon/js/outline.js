/** Choose by an outline drawn point by point: the cameras in a polygon, or those along a route. */
import { h } from "./dom.js";
import { metres } from "./format.js";
import { distance, distanceToLine, isInPolygon } from "./geometry.js";

const SAME_PX = 8;
const WIDTH_M = { min: 5, max: 2000, step: 5, value: 50 };

/** A tool of chooser.js, see radius.js. */
export function createPolygonTool(map, { onShape, onBegin }) {
  return createOutline(map, {
    fewest: 3, hint: gettext("Click the corners. Double click or Enter ends, Backspace takes one back."), controls: [],
    draw: (sketch, places) => sketch.polygon(places),
    redraw: (layer, places) => layer.setLatLngs(places),
    shape: (places) => ({ contains: places.length < 3 ? () => false : (place) => isInPolygon(place, places), size: "" }),
    onShape, onBegin,
  });
}

/** A tool of chooser.js, see radius.js. */
export function createRouteTool(map, { onShape, onBegin }) {
  const field = h("input", { type: "number", inputmode: "numeric", ...WIDTH_M });
  const width = () => Math.max(WIDTH_M.min, Math.min(WIDTH_M.max, Number(field.value) || WIDTH_M.value));
  const weight = (places) => (2 * width()) / metresPerPixel(map, places[0]);
  const tool = createOutline(map, {
    fewest: 2, hint: gettext("Click along the way. Double click or Enter ends, Backspace takes one back."),
    controls: [h("label", {}, gettext("Up to"), field, gettext("m away"))],
    draw: (sketch, places) => [sketch.line(places, "sketch-corridor", weight(places)), sketch.line(places)],
    redraw: (lines, places) => {
      for (const line of lines) line.setLatLngs(places);
      lines[0].setStyle({ weight: weight(places) });
    },
    shape: (places) => ({ contains: (place) => distanceToLine(place, places) <= width(), size: metres(lengthOf(places)) }),
    onShape, onBegin,
  });
  field.addEventListener("input", () => tool.refresh(false));
  field.addEventListener("change", () => { field.value = width(); tool.refresh(true); });
  return tool;
}

const lengthOf = (places) => places.slice(1).reduce((sum, place, at) => sum + distance(places[at], place), 0);

function metresPerPixel(map, [latitude]) {
  return (40075016.7 * Math.cos((latitude * Math.PI) / 180)) / (256 * 2 ** map.getZoom());
}

function createOutline(map, { fewest, hint, controls, draw, redraw, shape, onShape, onBegin }) {
  let sketch = null;
  let points = [];
  let handles = [];
  let pointer = null;
  let layer = null;
  let isDone = false;

  function show(isFinal) {
    const places = pointer && !isDone ? [...points, pointer] : points;
    if (!places.length) return;
    layer ??= draw(sketch, places);
    redraw(layer, places);
    onShape({ ...shape(places), place: places.at(-1), isFinal: isFinal && isDone });
  }

  function add({ latlng, containerPoint }) {
    if (isDone) clear();
    const isNear = (place) => map.latLngToContainerPoint(place).distanceTo(containerPoint) < SAME_PX;
    if (points.length && isNear(points.at(-1))) return finish(); // the second click of two
    if (fewest === 3 && points.length >= fewest && isNear(points[0])) return finish();
    if (!points.length) onBegin();
    points.push([latlng.lat, latlng.lng]);
    addHandle(points.length - 1);
    return show(false);
  }

  function addHandle(at) {
    const move = (isFinal) => (place) => { points[at] = place; pointer = null; show(isFinal); };
    const handle = sketch.handle(points[at], { title: gettext("Move this point"), onMove: move(false), onEnd: move(true) });
    // A click on a point is a click on the map there: it ends the outline.
    handle.on("click", () => !isDone && add({ latlng: handle.getLatLng(), containerPoint: map.latLngToContainerPoint(handle.getLatLng()) }));
    handles.push(handle);
  }

  function follow({ latlng }) {
    if (isDone || !points.length) return;
    pointer = [latlng.lat, latlng.lng];
    show(false);
  }

  function finish() {
    if (points.length < fewest) return;
    isDone = true;
    show(true);
  }

  function takeBack() {
    if (isDone || !points.length) return false;
    points.pop();
    handles.pop().remove();
    if (points.length) show(false);
    else clear();
    return true;
  }

  function clear() {
    const hadShape = points.length > 0;
    sketch?.clear();
    [points, handles, pointer, layer, isDone] = [[], [], null, null, false];
    return hadShape;
  }

  const events = { click: add, mousemove: follow, zoomend: () => show(false) };
  return {
    hint,
    controls: () => controls,
    start(drawing) {
      sketch = drawing;
      map.on(events);
      map.doubleClickZoom.disable();
    },
    stop() {
      map.off(events);
      map.doubleClickZoom.enable();
    },
    clear,
    takeBack,
    enter: finish,
    refresh: show,
  };
}
