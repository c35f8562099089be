/** Longer clips show more people: their list follows the seconds before and after. */
import { getPage } from "./api.js";
import { byId, debounce } from "./dom.js";
import { swapParts } from "./parts.js";

const WAIT_MS = 400;
const field = byId("id_margin_s");

field.addEventListener("input", debounce(async () => {
  if (!field.checkValidity() || !field.value) return;
  const answer = await getPage(`${location.pathname}?margin_s=${field.value}`);
  if (answer.ok && !answer.redirected) swapParts(await answer.text());
}, WAIT_MS));
