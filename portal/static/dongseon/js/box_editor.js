/** Draw a box on a picture: where in it the one looked for is. Boxes are pixels of the picture itself. */
import { byId, h } from "./dom.js";

const SMALLEST_PX = 4;

/** Lay a box over a small preview that shows the whole picture (object-fit: contain). */
export function placeBox(frame, image, box) {
  const rect = h("span", { class: "box-rect", "aria-hidden": "true" });
  const place = () => {
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (!width) return;
    const scale = Math.min(frame.clientWidth / width, frame.clientHeight / height);
    const [left, top] = [(frame.clientWidth - width * scale) / 2, (frame.clientHeight - height * scale) / 2];
    position(rect, box, scale, left, top);
  };
  image.addEventListener("load", place);
  new ResizeObserver(place).observe(frame);
  frame.append(rect);
}

function position(rect, [x1, y1, x2, y2], scale, left = 0, top = 0) {
  Object.assign(rect.style, {
    left: `${left + x1 * scale}px`, top: `${top + y1 * scale}px`, width: `${(x2 - x1) * scale}px`, height: `${(y2 - y1) * scale}px`,
  });
}

/** Open the editor for `item`; its `box` is written when the person says so, and `onChange` called. */
export function editBox(item, onChange) {
  const [dialog, stage, image, rect] = [byId("box-dialog"), byId("box-stage"), byId("box-image"), byId("box-rect")];
  let box = item.box;
  const scale = () => image.clientWidth / image.naturalWidth;
  const show = () => {
    rect.hidden = !box;
    if (box && image.naturalWidth) position(rect, box, scale());
  };

  stage.onpointerdown = (event) => {
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    const from = pointIn(event, image);
    stage.onpointermove = (move) => {
      box = between(from, pointIn(move, image));
      show();
    };
    stage.onpointerup = () => {
      stage.onpointermove = null;
      if (box && (box[2] - box[0] < SMALLEST_PX || box[3] - box[1] < SMALLEST_PX)) box = item.box;
      show();
    };
  };
  const finish = (value) => {
    item.box = value;
    item.error = "";
    dialog.close();
    onChange();
  };
  byId("box-save").onclick = () => finish(box);
  byId("box-clear").onclick = () => finish(null);
  image.onload = show;
  image.src = item.url;
  dialog.showModal();
  show();
}

/** Where the pointer is, in pixels of the picture, kept within it. */
function pointIn(event, image) {
  const area = image.getBoundingClientRect();
  const keep = (value, most) => Math.round(Math.max(0, Math.min(most, value)));
  return [
    keep(((event.clientX - area.left) / area.width) * image.naturalWidth, image.naturalWidth),
    keep(((event.clientY - area.top) / area.height) * image.naturalHeight, image.naturalHeight),
  ];
}

const between = ([ax, ay], [bx, by]) => [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
