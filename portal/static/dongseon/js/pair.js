/** Two pictures beside each other, zoomed and moved alike, so that the same part of both can be compared. */
import { h, icon, picture } from "./dom.js";

const STEP = 1.25;
const MOST = 8;

export function createPair() {
  const [left, right] = [stage("query"), stage("found")];
  const view = { scale: 1, x: 0, y: 0 }; // x and y in parts of a stage's size, the same for both

  function draw() {
    const room = (view.scale - 1) / 2;
    view.x = Math.max(-room, Math.min(room, view.x));
    view.y = Math.max(-room, Math.min(room, view.y));
    for (const { inner, element } of [left, right]) {
      inner.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
      element.classList.toggle("zoomed", view.scale > 1);
    }
  }

  /** Zoom about a point, given in parts of the stage from its middle. */
  function zoom(factor, x = 0, y = 0) {
    const scale = Math.max(1, Math.min(MOST, view.scale * factor));
    const by = scale / view.scale;
    Object.assign(view, { scale, x: x + (view.x - x) * by, y: y + (view.y - y) * by });
    draw();
  }

  function drag(event) {
    if (event.button !== 0 || event.target.closest("button") || view.scale === 1) return;
    event.preventDefault();
    const box = event.currentTarget;
    const start = { x: event.clientX, y: event.clientY, at: { ...view } };
    const move = ({ clientX, clientY }) => {
      view.x = start.at.x + (clientX - start.x) / box.clientWidth;
      view.y = start.at.y + (clientY - start.y) / box.clientHeight;
      draw();
    };
    box.setPointerCapture(event.pointerId);
    box.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => box.removeEventListener("pointermove", move), { once: true });
  }

  for (const { element } of [left, right]) {
    element.addEventListener("pointerdown", drag);
    element.addEventListener("dblclick", () => zoom(0));
    element.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, (event.clientX - box.left) / box.width - 0.5, (event.clientY - box.top) / box.height - 0.5);
    }, { passive: false });
  }
  return { left, right, reset: () => zoom(0), zoom: (isIn) => zoom(isIn ? STEP : 1 / STEP) };
}

function stage(name) {
  const inner = h("div", { class: "stage" });
  const caption = h("figcaption");
  const element = h("figure", { class: `compare-half ${name}` }, inner, caption);
  let shown = "";

  /** Show a picture: the part within `box`, or (`isWhole`) all of it with the box drawn. The same again stays. */
  function show({ url, label, box = null, isWhole = false }) {
    caption.textContent = label;
    const key = JSON.stringify([url, box, isWhole]);
    if (key === shown) return;
    shown = key;
    const image = url ? picture(url, label) : icon("picture", "icon big");
    inner.replaceChildren(image);
    if (url && box) image.addEventListener("load", () => (isWhole ? inner.append(frame(image, box)) : crop(image, box)), { once: true });
  }
  return { element, inner, show };
}

/** Show what is within the box alone: in a picture of a whole scene the person would be too small to compare. */
function crop(image, [x1, y1, x2, y2]) {
  const across = (pixels) => `${(100 * Math.max(0, pixels)) / image.naturalWidth}%`;
  const down = (pixels) => `${(100 * Math.max(0, pixels)) / image.naturalHeight}%`;
  image.style.objectViewBox = `inset(${down(y1)} ${across(image.naturalWidth - x2)} ${down(image.naturalHeight - y2)} ${across(x1)})`;
}

/** A box over a picture that is fitted into its place: the drawing is fitted in the same way. */
function frame({ naturalWidth: width, naturalHeight: height }, [x1, y1, x2, y2]) {
  const make = (name, values) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
    return element;
  };
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, class: "frame-box", "aria-hidden": "true" });
  svg.append(make("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1 }));
  return svg;
}
