/** The socket of a request: passes events on, and says quietly when it is lost. */
import { byId } from "./dom.js";
import { openSocket } from "./socket.js";

const SAY_AFTER_MS = 2000;

/**
 * Each event goes to `onEvent`, and to whatever part of the page listens for "request-event" on the document.
 * @param {number} requestId
 * @param {{onEvent: Function, onBack: Function}} listeners  `onBack`: connected again, something may have been missed
 * @returns {{isConnected: () => boolean}}
 */
export function connectLive(requestId, { onEvent, onBack }) {
  const tell = (detail) => document.dispatchEvent(new CustomEvent("request-event", { detail }));
  const socket = openSocket(`/ws/requests/${requestId}/`, {
    onEvent: (event) => { onEvent(event); tell(event); },
    onBack: () => { onBack(); tell({ type: "request.changed", request: requestId, kind: "" }); },
    onState: (state) => {
      if (state === "open") show("");
      else if (state === "forbidden") show(gettext("You may no longer see this request. Reload the page."), "bad");
      else setTimeout(() => socket.isConnected() || show(gettext("Reconnecting…")), SAY_AFTER_MS);
    },
  });
  return socket;
}

function show(text, tone = "") {
  const box = byId("live-state");
  box.textContent = text;
  box.hidden = !text;
  box.classList.toggle("bad", tone === "bad");
}
