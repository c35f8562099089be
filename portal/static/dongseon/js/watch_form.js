/** The form for a plate to be watched: says, while it is typed, what would raise alerts, or what is wrong. */
import { byId } from "./dom.js";
import { addPlateField } from "./plate_field.js";

const [plate, basis] = [byId("id_plate"), byId("id_basis")];

/** What is being mended is no longer marked as wrong: what is wrong now stands below. */
function clearError() {
  const box = plate.closest(".has-error");
  for (const sentence of box?.querySelectorAll(".field-error") ?? []) sentence.remove();
  box?.classList.remove("has-error");
}

/** Ask for the number of a document where the legal basis needs one, as the form of a request does; one that is there stays. */
function showDocument() {
  const field = byId("id_document_number");
  const isNeeded = basis.selectedOptions[0]?.hasAttribute("data-document") ?? false;
  const isShown = isNeeded || Boolean(field.defaultValue);
  byId("document-field").hidden = !isShown;
  byId("document-field").querySelector(".optional").hidden = isNeeded;
  field.disabled = !isShown;
  field.required = isNeeded;
}

if (plate) {
  addPlateField(plate, byId("plate-meaning"), { isWatched: true });
  plate.addEventListener("input", clearError);
  basis.addEventListener("change", showDocument);
  showDocument();
}
