/** Where in a picture the one looked for is: choose among what the detector found, or draw. Boxes are pixels of the picture. */
import "/jsi18n/later/";
import { byId, h } from "./dom.js";

const SMALLEST_PX = 4;
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

/**
 * Open the editor for `item`; its `box` is written when the person says so, and `onChange` called.
 * @param {{kind: string, onChange: () => void, find: (item: Object) => Promise<void>, onTurn: ((item: Object) => Promise<void>)|null}} options
 *   `find` writes `item.boxes`, or `item.notice` where nothing was found; `onTurn` turns the picture by 90°
 */
export function editBox(item, { kind, onChange, find, onTurn }) {
  const [dialog, scroller, stage, image, rect, options] = ["box-dialog", "box-scroll", "box-stage", "box-image", "box-rect", "box-options"].map(byId);
  let [box, zoom, isMine] = [item.box, 0, false];
  const scale = () => image.clientWidth / image.naturalWidth;

  function show() {
    rect.hidden = !box;
    if (!image.naturalWidth) return;
    if (box) place(rect, box);
    for (const [at, option] of [...options.children].entries()) {
      place(option, item.boxes[at]);
      option.setAttribute("aria-pressed", String(String(item.boxes[at]) === String(box)));
    }
  }

  function place(element, [x1, y1, x2, y2]) {
    const by = scale();
    Object.assign(element.style, { left: `${x1 * by}px`, top: `${y1 * by}px`, width: `${(x2 - x1) * by}px`, height: `${(y2 - y1) * by}px` });
  }

  function showFound() {
    const name = kind === "vehicle" ? gettext("Vehicle %s") : gettext("Person %s");
    options.replaceChildren(...(item.boxes ?? []).map((found, at) => h("button", {
      type: "button", class: "box-option", "aria-label": interpolate(name, [at + 1]), title: interpolate(name, [at + 1]),
      onclick: () => { box = found; isMine = true; show(); },
    })));
    const count = item.boxes?.length;
    byId("box-hint").textContent = item.isLooking ? gettext("Looking for figures…") : item.notice
      || (count ? interpolate(ngettext("%s found: keep it, or draw a box around the one you mean.", "%s found: click the one you mean, or draw a box.", count), [count])
        : gettext("Draw a box around the one you mean. Without a box the detector chooses the clearest figure."));
    show();
  }

  /** The whole picture where it fits, or larger; the point at (x, y) of the window stays where it is. */
  function zoomTo(level, x = innerWidth / 2, y = innerHeight / 2) {
    const before = image.getBoundingClientRect();
    const [shareX, shareY] = [(x - before.left) / before.width, (y - before.top) / before.height];
    zoom = Math.max(0, Math.min(ZOOMS.length - 1, level));
    const fit = Math.min(scroller.clientWidth / image.naturalWidth, (innerHeight * 0.58) / image.naturalHeight, Math.max(1, 240 / image.naturalHeight));
    image.style.width = `${Math.floor(image.naturalWidth * fit * ZOOMS[zoom])}px`;
    byId("box-zoom").textContent = `${Math.round(ZOOMS[zoom] * 100)}%`;
    const after = image.getBoundingClientRect();
    scroller.scrollLeft += after.left + shareX * after.width - x;
    scroller.scrollTop += after.top + shareY * after.height - y;
    show();
  }

  stage.onpointerdown = (event) => {
    if (event.button) return;
    event.preventDefault();
    const [from, old, chosen] = [pointIn(event, image), box, event.target.closest(".box-option")];
    stage.setPointerCapture(event.pointerId);
    stage.onpointermove = (move) => {
      box = between(from, pointIn(move, image));
      show();
    };
    stage.onpointerup = stage.onpointercancel = () => {
      stage.onpointermove = null;
      const isDrawn = box && box !== old && Math.min(box[2] - box[0], box[3] - box[1]) >= SMALLEST_PX;
      if (!isDrawn) box = old;
      isMine ||= isDrawn;
      if (!isDrawn && chosen) chosen.click();
      show();
    };
  };
  scroller.onwheel = (event) => {
    if (event.shiftKey) return;
    event.preventDefault();
    zoomTo(zoom - Math.sign(event.deltaY), event.clientX, event.clientY);
  };
  rect.onkeydown = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (dx === undefined || !box) return;
    event.preventDefault();
    const by = Math.max(1, Math.round(2 / scale()));
    const [x1, y1, x2, y2] = box;
    const next = event.shiftKey ? [x1, y1, x2 + dx * by, y2 + dy * by] : [x1 + dx * by, y1 + dy * by, x2 + dx * by, y2 + dy * by];
    const isInside = next[0] >= 0 && next[1] >= 0 && next[2] <= image.naturalWidth && next[3] <= image.naturalHeight;
    if (!isInside || Math.min(next[2] - next[0], next[3] - next[1]) < SMALLEST_PX) return;
    [box, isMine] = [next, true];
    show();
  };

  const finish = (value) => {
    item.box = value;
    item.error = item.notice = "";
    item.isMine = true;
    item.id = null; // no longer what the earlier search had: its answers do not overwrite it
    dialog.close();
    onChange();
  };
  byId("box-save").onclick = () => finish(box);
  byId("box-clear").onclick = () => finish(null);
  byId("box-in").onclick = () => zoomTo(zoom + 1);
  byId("box-out").onclick = () => zoomTo(zoom - 1);
  byId("box-turn").hidden = !onTurn;
  byId("box-turn").onclick = async () => {
    await onTurn(item);
    [box, isMine] = [null, false];
    load();
  };

  async function load() {
    image.src = item.url;
    showFound();
    if (!item.boxes) await find(item);
    if (!dialog.open) return;
    if (!isMine && !box) box = item.box;
    showFound();
  }

  image.onload = () => zoomTo(0);
  image.style.width = "";
  dialog.showModal();
  load();
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
