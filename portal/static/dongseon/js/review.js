/** The second look: two pictures zoomed and moved alike, and the keys. Letters go by their place, as in the workspace. */
import { byId } from "./dom.js";
import "./enlarge.js";
import { isTyping } from "./page.js";

const STEP = 1.25;
const MOST = 8;
const pair = byId("review-pair");
const view = { scale: 1, x: 0, y: 0 }; // x and y in parts of the stage's size, the same for both

function draw() {
  const room = (view.scale - 1) / 2;
  view.x = Math.max(-room, Math.min(room, view.x));
  view.y = Math.max(-room, Math.min(room, view.y));
  for (const image of pair.querySelectorAll(".review-stage img")) {
    image.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
  }
  byId("zoom-value").textContent = `${Math.round(view.scale * 100)}%`;
}

function zoom(factor) {
  const before = view.scale;
  view.scale = Math.max(1, Math.min(MOST, before * factor));
  view.x *= view.scale / before;
  view.y *= view.scale / before;
  draw();
}

function drag(event) {
  if (event.button !== 0 || event.target.closest("button")) return;
  const stage = event.target.closest(".review-stage");
  if (!stage) return;
  event.preventDefault();
  const from = { x: event.clientX, y: event.clientY, at: { ...view } };
  const { width, height } = stage.getBoundingClientRect();
  const move = ({ clientX, clientY }) => {
    view.x = from.at.x + (clientX - from.x) / width;
    view.y = from.at.y + (clientY - from.y) / height;
    draw();
  };
  stage.setPointerCapture(event.pointerId);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), { once: true });
}

/** Show what is within the box alone: in a picture of a whole scene the person would be too small to compare. */
function showPart(image) {
  const [x1, y1, x2, y2] = image.dataset.box.split(" ").map(Number);
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const inset = [y1 / height, 1 - x2 / width, 1 - y2 / height, x1 / width].map((part) => `${Math.max(0, part) * 100}%`);
  image.style.objectViewBox = `inset(${inset.join(" ")})`;
}

function chooseQuery(at) {
  pair.querySelectorAll("[data-side=query] img").forEach((image, number) => { image.hidden = number !== at; });
  for (const button of pair.querySelectorAll("[data-query]")) button.setAttribute("aria-pressed", String(Number(button.dataset.query) === at));
}

function sayNo() {
  const reason = byId("review-reason");
  if (reason.value.trim()) return byId("review-no").click();
  reason.focus();
  reason.classList.add("wanted");
  return undefined;
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return;
  const act = {
    KeyY: () => byId("review-yes").click(), KeyN: sayNo, ArrowRight: () => byId("review-skip").click(),
    Equal: () => zoom(STEP), NumpadAdd: () => zoom(STEP), Minus: () => zoom(1 / STEP), NumpadSubtract: () => zoom(1 / STEP),
  }[event.code];
  if (!act) return;
  event.preventDefault();
  act();
}

for (const image of pair.querySelectorAll("img[data-box]")) {
  if (image.complete && image.naturalWidth) showPart(image);
  else image.addEventListener("load", () => showPart(image), { once: true });
}
for (const button of pair.querySelectorAll("[data-query]")) button.addEventListener("click", () => chooseQuery(Number(button.dataset.query)));
pair.addEventListener("pointerdown", drag);
pair.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? STEP : 1 / STEP); }, { passive: false });
byId("zoom-in").addEventListener("click", () => zoom(STEP));
byId("zoom-out").addEventListener("click", () => zoom(1 / STEP));
document.addEventListener("keydown", press);
byId("review-reason").addEventListener("keydown", (event) => {
  if (event.key === "Escape") event.target.blur();
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault(); // by itself Enter would press the form's first button
  sayNo();
});
byId("review-form").addEventListener("submit", (event) => {
  if (event.submitter?.value === "rejected" && !byId("review-reason").value.trim()) {
    event.preventDefault();
    sayNo();
  }
});
draw();
