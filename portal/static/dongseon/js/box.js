/** Choose the cameras in a box: pull from corner to corner. */
import { addPull } from "./sketch.js";

/** A tool of chooser.js, see radius.js. */
export function createBoxTool(map, { onShape, onBegin }) {
  let sketch = null;
  let pull = null;
  let from = null;
  let drawn = null;

  function draw(to, isFinal) {
    drawn ??= sketch.rectangle([from, to]);
    drawn.setBounds([from, to]);
    const [south, north] = [from[0], to[0]].sort((a, b) => a - b);
    const [west, east] = [from[1], to[1]].sort((a, b) => a - b);
    const contains = ([y, x]) => y >= south && y <= north && x >= west && x <= east;
    onShape({ contains, place: to, size: "", isFinal });
  }

  return {
    hint: gettext("Pull a box over the map."),
    controls: () => [],
    start(drawing) {
      sketch = drawing;
      pull = addPull(map, {
        onStart: (place) => { onBegin(); from = place; },
        onMove: (place) => draw(place, false),
        onEnd: (place) => draw(place, true),
      });
    },
    /** Enter: what the map shows. */
    enter() {
      onBegin();
      const bounds = map.getBounds();
      from = [bounds.getSouth(), bounds.getWest()];
      draw([bounds.getNorth(), bounds.getEast()], true);
    },
    clear() {
      const hadShape = Boolean(drawn);
      pull?.cancel();
      sketch?.clear();
      drawn = null;
      return hadShape;
    },
    stop: () => pull.stop(),
  };
}
