/** Pictures as large as the window: a click on one opens it, with the others of its sighting and with what was read of them. */
import { h, icon } from "./dom.js";

function open(button) {
  const group = button.closest("[data-pictures]");
  const parts = [...(group ?? button).querySelectorAll("[data-enlarge] img, [data-said]")].map((part) => part.cloneNode(true));
  const title = group?.dataset.pictures ?? parts[0].alt;
  const dialog = h("dialog", { class: "dialog picture-dialog", "aria-label": title, onclick: () => dialog.close(), onclose: () => dialog.remove() },
    h("div", { class: "dialog-head" }, h("h2", {}, title), h("button", { type: "button", class: "icon-button", "aria-label": gettext("Close") }, icon("close"))),
    ...parts);
  document.body.prepend(dialog); // before another dialog that is open: the keys of that one wait until this one is closed
  dialog.showModal();
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-enlarge]");
  if (button?.querySelector("img")) open(button);
});
