/** Short notices at the edge of the screen, with a way to take the act back. */
import { byId, h } from "./dom.js";

const STAYS_MS = 6000;

/**
 * @param {string} text
 * @param {{tone?: string, action?: string, onAction?: Function, kind?: string}} options  `kind`: takes the place of its like
 */
export function toast(text, { tone = "", action = "", onAction, kind = "" } = {}) {
  if (kind) for (const old of byId("toasts").querySelectorAll(`[data-kind="${kind}"]`)) old.remove();
  const box = h("div", { class: `toast ${tone}`, dataset: { kind } }, h("span", {}, text));
  const close = () => box.remove();
  if (action) box.append(h("button", { type: "button", class: "toast-action", onclick: () => { close(); onAction(); } }, action));
  box.append(closeButton(close));
  byId("toasts").append(box);
  leaveAfter(box, STAYS_MS);
  while (byId("toasts").children.length > 3) byId("toasts").firstElementChild.remove();
}

export const errorToast = (error) => toast(error.message ?? String(error), { tone: "error" });

function closeButton(close) {
  return h("button", { type: "button", class: "toast-close", "aria-label": gettext("Close"), onclick: close }, "×");
}

/** Remove the box after a while, but not under the pointer or while it holds the focus. */
export function leaveAfter(box, wait) {
  const timer = setInterval(() => {
    if (box.matches(":hover, :focus-within")) return;
    box.remove();
    clearInterval(timer);
  }, wait);
}
