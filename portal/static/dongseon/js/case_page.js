/** The page of a case: the map for a reported sighting is made when it is first wanted. */
import { byId, readData } from "./dom.js";
import { createPlacePicker } from "./place_picker.js";

const tip = byId("tip");
let hasMap = false;

function show() {
  if (!tip.open || hasMap) return;
  hasMap = true;
  createPlacePicker(readData("map-data"));
}

tip.addEventListener("toggle", show);
show();
