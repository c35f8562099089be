/** The form for a plate to be watched: says, while it is typed, what would raise alerts, or what is wrong. */
import { byId } from "./dom.js";
import { addPlateField } from "./plate_field.js";

const plate = byId("id_plate");

/** What is being mended is no longer marked as wrong: what is wrong now stands below. */
function clearError() {
  const box = plate.closest(".has-error");
  for (const sentence of box?.querySelectorAll(".field-error") ?? []) sentence.remove();
  box?.classList.remove("has-error");
}

if (plate) {
  addPlateField(plate, byId("plate-meaning"), { isWatched: true });
  plate.addEventListener("input", clearError);
}
