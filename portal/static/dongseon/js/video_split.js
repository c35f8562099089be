/** The edge between map and video: pulled, moved by keys, or at full height; the browser's tab remembers it. */
import { byId } from "./dom.js";

const KEY = "dongseon.video";
const [SMALLEST, LARGEST, FIRST] = [25, 85, 66];

/** @param {HTMLElement} box the video panel @returns {{show: () => void, hide: () => void, toggle: () => void}} */
export function addSplit(box) {
  const grip = byId("video-grip");
  const centre = box.parentElement;
  const kept = read();
  let share = kept.share ?? FIRST;
  let isFull = kept.isFull ?? false;

  function apply() {
    centre.style.setProperty("--video-share", `${share}fr`);
    centre.style.setProperty("--map-share", `${100 - share}fr`);
    centre.classList.toggle("has-video", !box.hidden);
    centre.classList.toggle("video-full", !box.hidden && isFull);
    grip.setAttribute("aria-valuenow", isFull ? 100 : Math.round(share));
    box.querySelector("[data-act=full]").setAttribute("aria-pressed", String(isFull));
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ share, isFull }));
    } catch {
      // Without storage it lasts until the page is left.
    }
  }

  function resize(value) {
    share = Math.min(LARGEST, Math.max(SMALLEST, value));
    isFull = value > 95;
    apply();
  }

  function toggle() {
    isFull = !isFull;
    apply();
  }

  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const [top, bottom] = [centre.getBoundingClientRect().top, box.getBoundingClientRect().bottom];
    grip.onpointermove = (move) => resize((100 * (bottom - move.clientY)) / (bottom - top));
    grip.onpointerup = () => { grip.onpointermove = null; };
  });
  grip.addEventListener("dblclick", toggle);
  grip.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
    if (by) resize(share + by);
    else if (event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  });
  return { show: apply, hide: apply, toggle };
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
