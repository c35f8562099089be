/** The clip of an alert, played beside what is known of it: the page stays, with what was typed there. */
import { byId } from "./dom.js";

const dialog = byId("clip-dialog");
const video = dialog?.querySelector("video");
let opener = null;

function open(link) {
  const card = link.closest("[data-alert]");
  opener = link;
  const facts = [...card.querySelectorAll(".alert-pictures img, .alert-facts")].map((part) => part.cloneNode(true));
  dialog.querySelector(".clip-facts").replaceChildren(...facts);
  showError(false);
  video.src = link.href;
  dialog.showModal();
  video.play().catch(() => {}); // closed before it began, or no such footage
}

function close() {
  video.pause();
  video.removeAttribute("src");
  video.load(); // ends the download
  if (!opener.isConnected) byId(opener.id)?.focus(); // its card was refreshed meanwhile
}

function showError(isOn) {
  video.hidden = isOn;
  dialog.querySelector(".notice").hidden = !isOn;
}

function choose(event) {
  const link = event.target.closest?.("a[data-clip]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
}

if (dialog) {
  document.addEventListener("click", choose);
  dialog.addEventListener("close", close);
  video.addEventListener("error", () => video.hasAttribute("src") && showError(true));
}
