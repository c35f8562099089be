/** Writing an answer: what is chosen, the path that it makes, and the sentence to begin with. */
import { get } from "./api.js";
import { byId, debounce, h, icon, readData } from "./dom.js";
import { createMap, fitTo } from "./map.js";
import { addPathLayer } from "./path_layer.js";
import { markCard, stripItems, summary } from "./path_strip.js";
import { errorToast } from "./toasts.js";

const WAIT_MS = 150;
const form = byId("answer-form");
const strip = byId("path-strip");
const map = createMap(readData("page-data"));
const layer = addPathLayer(map, { onSelect: (number) => markCard(strip, number, { isShown: true }) });
let turn = 0;
let suggested = "";

function show({ points, text }) {
  layer.set(points);
  const select = (number) => { markCard(strip, number); layer.highlight(number); layer.open(number); };
  const nothing = h("li", { class: "strip-empty" }, icon("path", "icon big"), gettext("Nothing is chosen: the answer says that nothing was seen."));
  strip.replaceChildren(...(points.length ? stripItems(points, { onSelect: select, onHover: layer.highlight }) : [nothing]));
  byId("path-summary").textContent = summary(points);
  byId("send-answer").textContent = points.length ? form.dataset.some : form.dataset.empty;
  fitTo(map, layer.places(), { isAnimated: false });
  suggest(text);
}

/** Begin the text with the sentence, as long as nobody has changed that. */
function suggest(text) {
  const field = byId("answer-text");
  if (suggested && field.value.startsWith(suggested)) field.value = text + field.value.slice(suggested.length);
  suggested = text;
}

const preview = debounce(async () => {
  const mine = ++turn;
  const query = new URLSearchParams([...new FormData(form)].filter(([name]) => name === "candidate" || name === "provisional"));
  try {
    const answer = await get(`${form.dataset.preview}?${query}`);
    if (mine === turn) show(answer);
  } catch (error) {
    errorToast(error);
  }
}, WAIT_MS);

form.addEventListener("change", ({ target }) => target.name === "candidate" && preview());
form.addEventListener("submit", () => byId("send-answer").setAttribute("aria-busy", "true"));
show(readData("preview-data"));
