/** How long is left until a deadline, or how late it is: counted on while the page is open. */
import { duration } from "./format.js";

const EVERY_MS = 20000;
const MINUTE_S = 60;

/** Write the time left into every deadline below `root`. */
export function tickDeadlines(root = document) {
  for (const box of root.querySelectorAll("[data-due]")) {
    const words = box.querySelector("[data-due-words]");
    if (!words) continue;
    const left = (Date.parse(box.dataset.due) - Date.now()) / 1000;
    const text = Math.abs(left) < MINUTE_S ? gettext("under a minute") : duration(Math.round(Math.abs(left) / MINUTE_S) * MINUTE_S);
    words.textContent = interpolate(left < 0 ? gettext("%s late") : gettext("%s left"), [text]);
    box.classList.toggle("late", left < 0);
  }
}

tickDeadlines();
setInterval(() => tickDeadlines(), EVERY_MS);
