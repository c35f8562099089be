/** The form of a search request: shows what the chosen legal basis asks for, and keeps everything when it is refused. */
import { post } from "./api.js";
import { byId, h, readData } from "./dom.js";
import { addFilesField } from "./files_field.js";
import { addPlateField } from "./plate_field.js";
import { createPlacePicker } from "./place_picker.js";
import { errorToast } from "./toasts.js";

const form = byId("request-form");
const picker = createPlacePicker(readData("map-data"));

/** Show and ask for what the basis needs, and nothing else. What is hidden is not sent, but kept if one comes back. */
function showBasis() {
  const chosen = form.querySelector("[name=basis]:checked");
  const needsDocument = chosen?.hasAttribute("data-document") ?? false;
  byId("document-field").hidden = !needsDocument;
  byId("id_document_number").disabled = !needsDocument;
  byId("id_document_number").required = needsDocument;
  byId("document-field").querySelector(".optional").hidden = true; // shown only where it is needed
  const allows = chosen?.hasAttribute("data-emergency") ?? false;
  byId("id_is_emergency").disabled = !allows;
  byId("emergency-none").hidden = !chosen || allows;
  if (allows) byId("emergency-sentence").textContent = chosen.dataset.warning;
  showEmergency();
  picker.setRadius(Number(chosen?.dataset.radius) || null);
}

function showEmergency() {
  const isOn = byId("id_is_emergency").checked && !byId("id_is_emergency").disabled;
  byId("emergency-warning").hidden = !isOn;
  byId("emergency-field").classList.toggle("on", isOn);
}

function clearErrors() {
  byId("form-errors").replaceChildren();
  for (const sentence of form.querySelectorAll(".field-error")) sentence.remove();
  for (const box of form.querySelectorAll(".has-error")) box.classList.remove("has-error");
}

/** Beside the field that each is about; the first one is brought into view. */
function showErrors(errors) {
  for (const [name, sentences] of Object.entries(errors)) {
    const box = form.querySelector(`[data-field="${name}"]`);
    const field = box?.querySelector(".field") ?? box ?? byId("form-errors");
    if (box) field.classList.add("has-error");
    for (const sentence of sentences) field.append(h("p", { class: box ? "field-error" : "notice bad" }, sentence));
  }
  const first = form.querySelector(".has-error") ?? byId("form-errors");
  first.scrollIntoView({ block: "center" });
  first.querySelector("input:not([type=hidden]), textarea, select")?.focus({ preventScroll: true });
}

async function send(button) {
  const content = new FormData(form, button);
  const buttons = form.querySelectorAll(".request-end button");
  for (const other of buttons) other.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await post(form.action || location.href, content);
    location.assign(answer.location);
    return;
  } catch (error) {
    clearErrors();
    if (error.content?.errors) showErrors(error.content.errors);
    else errorToast(error);
  }
  for (const other of buttons) other.disabled = false;
  button.removeAttribute("aria-busy");
}

/** What is being mended is no longer marked as wrong. */
form.addEventListener("input", ({ target }) => {
  const box = target.closest("[data-field]");
  const field = box?.querySelector(".has-error") ?? box;
  if (!field?.classList.contains("has-error")) return;
  field.classList.remove("has-error");
  for (const sentence of field.querySelectorAll(".field-error")) sentence.remove();
});
form.addEventListener("change", ({ target }) => {
  if (target.name === "basis") showBasis();
  if (target.name === "is_emergency") showEmergency();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.submitter ?? form.querySelector("[name=save]"));
});
addFilesField();
if (byId("id_plate")) addPlateField(byId("id_plate"), byId("plate-meaning"));
showBasis();
