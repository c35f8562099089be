/** The form for a plate to be watched: says, while it is typed, what would raise alerts, or what is wrong. */
import { byId } from "./dom.js";
import { addPlateField } from "./plate_field.js";

if (byId("id_plate")) addPlateField(byId("id_plate"), byId("plate-meaning"), { isWatched: true });
