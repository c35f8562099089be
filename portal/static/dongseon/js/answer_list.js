/** What was answered: on the map, and its evidence packages while they are made. */
import { createAnswersMap } from "./answers_map.js";
import { getPage } from "./api.js";
import { readData, throttle } from "./dom.js";
import { connectLive } from "./live.js";
import { swapParts } from "./parts.js";

const REFETCH_MS = 1500;
const data = readData("page-data");
createAnswersMap(data);

const refresh = throttle(async () => {
  const answer = await getPage(location.pathname);
  if (answer.ok && !answer.redirected) swapParts(await answer.text());
}, REFETCH_MS);

function receive(event) {
  if (event.type !== "package.progress") return;
  const bar = document.querySelector(`[data-package="${event.package}"]`);
  if (event.status === "running" && bar?.hasAttribute("value")) bar.value = event.progress;
  else refresh();
}

connectLive(data.request, { onEvent: receive, onBack: refresh });
