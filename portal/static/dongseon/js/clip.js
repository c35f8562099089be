/** The short clip of a candidate, played where its picture is: asked for only when somebody means it, dropped on leaving. */
import { h } from "./dom.js";
import { isStill } from "./map.js";

const MEANT_AFTER_MS = 220;
const LOOKED_AT_MS = 1200;

export function createClip() {
  const video = h("video", { class: "clip", playsinline: true, loop: true, preload: "auto", tabindex: "-1", "aria-hidden": "true" });
  video.muted = true;
  video.disablePictureInPicture = true;
  let [timer, wanted] = [0, null];

  function play(box, url) {
    stop();
    if (!url || !box) return;
    video.src = url;
    box.append(video);
    video.play().catch(() => {}); // stopped before it began, or no such footage: the picture stays
  }

  function stop() {
    clearTimeout(timer);
    wanted = null;
    if (!video.parentNode) return;
    video.classList.remove("on");
    video.remove();
    video.pause();
    video.removeAttribute("src");
    video.load(); // ends the download
  }

  /** Play after a moment, unless the pointer or the focus has gone on by then. Who wants less motion asks by key. */
  function mean(box, url, { isFocus = false } = {}) {
    if (isStill() || wanted === box || video.parentNode === box) return;
    stop();
    wanted = box;
    timer = setTimeout(() => play(box, url), isFocus ? LOOKED_AT_MS : MEANT_AFTER_MS);
  }

  video.addEventListener("playing", () => video.classList.add("on"));
  video.addEventListener("error", () => video.src && stop());
  return {
    play, stop, mean,
    toggle: (box, url) => (video.parentNode === box ? stop() : play(box, url)),
    isIn: (box) => Boolean(box) && (video.parentNode === box || wanted === box),
  };
}
