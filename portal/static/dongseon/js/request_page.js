/** A request as the asking station sees it: refreshes itself while it is open. */
import { createAnswersMap } from "./answers_map.js";
import { getPage } from "./api.js";
import { byId, readData, throttle } from "./dom.js";
import { connectLive } from "./live.js";
import { swapParts } from "./parts.js";

const REFETCH_MS = 2500;
const data = readData("page-data");
const map = createAnswersMap(data);

const refresh = throttle(async () => {
  const answer = await getPage(byId("request-page").dataset.parts);
  if (!answer.ok || answer.redirected) return;
  if (swapParts(await answer.text()).includes("answers")) map.refresh();
}, REFETCH_MS);

connectLive(data.request, { onEvent: refresh, onBack: refresh });
