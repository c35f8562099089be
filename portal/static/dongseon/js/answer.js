/** A request as the asking station sees it: how far it is, and the path that came back. */
import { loadCameras } from "./cameras.js";
import { addCameraLayer } from "./camera_layer.js";
import { byId, readData, throttle } from "./dom.js";
import { connectLive } from "./live.js";
import { createMap, fitTo } from "./map.js";
import { createPath } from "./path.js";
import { errorToast } from "./toasts.js";

const data = readData("workspace-data");

/** The numbers are the page's own: fetch it again and take them over. */
const refreshCounts = throttle(async () => {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("progress-counts");
  if (fresh) byId("progress-counts").replaceChildren(...fresh.childNodes);
}, 5000);

async function start() {
  const map = createMap(data);
  const emptyText = gettext("No path yet. It appears here once the control centre has confirmed where the person was seen.");
  const path = createPath({ map, requestId: data.request, emptyText });
  try {
    const cameras = await loadCameras();
    addCameraLayer(map, cameras, { canChoose: false });
    fitTo(map, cameras.rows.map((row) => [row.latitude, row.longitude]), { isAnimated: false });
  } catch (error) {
    errorToast(error);
  }
  await path.load({ fit: true, exists: data.hasPath });
  connectLive(data.request, {
    onEvent: (event) => {
      if (event.type === "path.changed") path.load({ fit: true });
      refreshCounts();
    },
    onBack: () => {
      path.load();
      refreshCounts();
    },
  });
}

start();
