/** The request's state beside the search: kept fresh, and its steps sent without leaving the page. */
import { getPage, post } from "./api.js";
import { byId, readData, signal, throttle } from "./dom.js";
import { fetched, soon } from "./lazily.js";
import { addTimeField } from "./time_field.js";
import { errorToast, toast } from "./toasts.js";

const REFETCH_MS = 1500;
const loadParts = soon(() => fetched(import("./parts.js")));

/** @param {number} requestId */
export function createState(requestId) {
  const changed = signal();

  async function load() {
    const answer = await getPage(`/requests/${requestId}/state/`);
    if (!answer.ok || answer.redirected) return;
    const { swapParts } = await loadParts();
    swapParts(await answer.text());
    for (const field of document.querySelectorAll("#state-body input[data-time]")) addTimeField(field);
    changed.emit();
  }

  async function send(event) {
    const form = event.target.closest("form[data-send]");
    if (!form) return;
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      const { said } = await post(form.action, new FormData(form, event.submitter));
      form.reset();
      form.closest("dialog")?.close();
      toast(said, { tone: "success" });
      await load();
    } catch (error) {
      refuse(form, error);
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  document.addEventListener("submit", send);
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest("[data-open]");
    if (opener) byId(opener.dataset.open).showModal();
  });
  const refresh = throttle(() => load().catch(() => {}), REFETCH_MS); // lost: the socket's return asks anew
  return { refresh, changed, scope: () => readData("scope-data") };
}

/** A dialog covers the toasts: it says itself what was refused. */
function refuse(form, error) {
  const box = form.querySelector("[data-refusal]");
  if (!box) return errorToast(error);
  box.textContent = error.message;
  box.hidden = false;
  return undefined;
}
