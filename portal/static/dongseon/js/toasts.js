/** Short notices at the edge of the screen, with a way to take the act back. */
import { byId, h } from "./dom.js";

const STAYS_MS = 6000;

/**
 * @param {string|Array} text
 * @param {{tone?: string, action?: string, onAction?: Function, kind?: string}} options  `kind`: takes the place of its like
 */
export function toast(text, { tone = "", action = "", onAction, kind = "" } = {}) {
  if (kind) for (const old of [...byId("toasts").children]) if (old.dataset.kind === kind) old.remove();
  const box = h("div", { class: `toast ${tone}`, dataset: { kind } }, h("span", {}, ...[text].flat()));
  const close = () => box.remove();
  if (action) box.append(h("button", { type: "button", class: "toast-action", onclick: () => { close(); onAction(); } }, action));
  box.append(closeButton(close));
  byId("toasts").append(box);
  leaveAfter(box, STAYS_MS);
  while (byId("toasts").children.length > 3) byId("toasts").firstElementChild.remove();
}

/** What an error says; to whoever was logged out, with the way in that leaves the page as it is. */
export const wordsOf = (error) => [error.message ?? String(error),
  ...(error.status === 401 ? [" ", h("a", { href: "/login/", target: "_blank" }, gettext("Log in again"))] : [])];

export const errorToast = (error) => toast(wordsOf(error), { tone: "error", kind: error.message ?? error });

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
