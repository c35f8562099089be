/** Pick the target: the exact picture of a tile with a box around each one seen; one of them goes into the query. */
import { post } from "./api.js";
import { h, icon } from "./dom.js";
import { clock, day } from "./format.js";
import { errorToast } from "./toasts.js";

const SMALLEST_PX = 6;
const HANDLES = ["nw", "ne", "sw", "se"];

/**
 * @param {Object} tile  paused
 * @param {{requestId: number, head: HTMLElement, onDone: () => void}} options  `head`: where to say what to do
 * @returns {{close: () => void, key: (event: KeyboardEvent) => boolean}}
 */
export function startPick(tile, { requestId, head, onDone }) {
  const { recording } = tile.footage;
  const seconds = tile.exactS;
  const [width, height] = [recording.width, recording.height];
  const url = tile.frameUrl(seconds);
  const image = h("img", { src: url, alt: gettext("The picture to pick from"), draggable: "false" });
  const layer = h("div", { class: "pick" }, image);
  const say = h("span", { role: "status" }, gettext("Looking for people and vehicles…"));
  const use = h("button", { type: "button", class: "button small primary", disabled: true, onclick: finish }, icon("check"), gettext("Use this"), h("kbd", {}, "Enter"));
  const bar = h("div", { class: "pick-bar" }, say, use, h("button", { type: "button", class: "button small", onclick: close }, gettext("Cancel"), h("kbd", {}, "Esc")));
  const boxes = [];
  let chosen = null;
  let isClosed = false;
  image.addEventListener("error", () => { errorToast(gettext("The exact picture of this moment cannot be read.")); close(); });
  tile.stage.append(layer);
  head.querySelector(".video-note").before(bar);
  propose();

  async function propose() {
    const seen = tile.footage.recording.is_analysed ? (await tile.tracks.load(seconds), tile.tracks.at(seconds)) : [];
    try {
      const found = seen.length ? seen : await post(`/api/footage/${recording.id}/detections/`, { request: requestId, at_s: seconds });
      if (isClosed) return;
      for (const { kind, box } of found) add({ kind, box });
      say.textContent = found.length ? gettext("Click the one you mean, or draw a box.") : gettext("Nobody was found here. Draw a box around the one you mean.");
    } catch (error) {
      say.textContent = `${error.message} ${gettext("Draw a box around the one you mean.")}`;
    }
  }

  function add(item) {
    item.element = h("button", { type: "button", class: `pick-box ${item.kind}`, "aria-pressed": "false", "aria-label": item.kind === "vehicle" ? gettext("vehicle") : gettext("person"), onclick: () => choose(item) });
    boxes.push(item);
    layer.append(item.element);
    place(item);
    return item;
  }

  function place({ element, box: [x1, y1, x2, y2] }) {
    const percent = (value, whole) => `${(100 * value) / whole}%`;
    Object.assign(element.style, { left: percent(x1, width), top: percent(y1, height), width: percent(x2 - x1, width), height: percent(y2 - y1, height) });
  }

  function choose(item) {
    chosen?.element.setAttribute("aria-pressed", "false");
    chosen?.element.replaceChildren();
    chosen = item;
    use.disabled = !item;
    if (!item) return;
    item.element.setAttribute("aria-pressed", "true");
    item.element.replaceChildren(...HANDLES.map((corner) => h("i", { class: `pick-handle ${corner}`, dataset: { corner } })));
    item.element.focus({ preventScroll: true });
  }

  function pointIn(event) {
    const area = layer.getBoundingClientRect();
    const keep = (share, whole) => Math.min(whole, Math.max(0, share * whole));
    return [keep((event.clientX - area.left) / area.width, width), keep((event.clientY - area.top) / area.height, height)];
  }

  layer.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const { corner } = event.target.dataset;
    event.preventDefault();
    const [ax, ay] = corner ? opposite(chosen.box, corner) : pointIn(event);
    const pressed = boxes.find((one) => one.element.contains(event.target));
    let item = corner ? chosen : null;
    layer.setPointerCapture(event.pointerId);
    layer.onpointermove = (move) => {
      const [bx, by] = pointIn(move);
      const box = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
      if (box[2] - box[0] < SMALLEST_PX || box[3] - box[1] < SMALLEST_PX) return;
      item ??= add({ kind: "drawn", box });
      item.box = box;
      place(item);
    };
    layer.onpointerup = () => {
      layer.onpointermove = layer.onpointerup = null;
      choose(item ?? pressed ?? chosen); // a box may also be drawn across another
    };
  });

  /** @returns {boolean} whether the key meant something here */
  function key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen && !event.target.closest(".pick-bar")) finish();
    else if (step && event.shiftKey && chosen) nudge(event.key);
    else if (step && boxes.length) {
      const ordered = boxes.toSorted((a, b) => a.box[0] - b.box[0]);
      choose(ordered[(ordered.indexOf(chosen) + step + (chosen || step > 0 ? 0 : 1) + ordered.length) % ordered.length]);
    } else return false;
    return true;
  }

  function nudge(name) {
    const by = Math.max(1, Math.round(width / 400));
    const [dx, dy] = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowDown: [0, by], ArrowUp: [0, -by] }[name];
    const [x1, y1, x2, y2] = chosen.box;
    if (x1 + dx < 0 || y1 + dy < 0 || x2 + dx > width || y2 + dy > height) return;
    chosen.box = [x1 + dx, y1 + dy, x2 + dx, y2 + dy];
    place(chosen);
  }

  function finish() {
    const when = Date.parse(recording.started_at) + seconds * 1000;
    const detail = {
      kind: "frame", recording: recording.id, at_s: Number(seconds.toFixed(3)), box: chosen.box.map((edge) => Math.round(edge)), url,
      name: `${recording.camera_name} ${day(when)} ${clock(when)}`,
    };
    document.dispatchEvent(new CustomEvent("query:add", { detail }));
    close();
  }

  function close() {
    if (isClosed) return;
    isClosed = true;
    layer.remove();
    bar.remove();
    onDone();
  }

  return { close, key };
}

const opposite = ([x1, y1, x2, y2], corner) => [corner.endsWith("w") ? x2 : x1, corner.startsWith("n") ? y2 : y1];
