/** The socket of a request: passes events on, comes back by itself, and says so quietly. */
import { byId } from "./dom.js";

const FORBIDDEN = 4403;
const LONGEST_WAIT_MS = 30000;
const SAY_AFTER_MS = 2000;

/**
 * @param {number} requestId
 * @param {{onEvent: Function, onBack: Function}} listeners  `onBack`: connected again, something may have been missed
 * @returns {{isConnected: () => boolean}}
 */
export function connectLive(requestId, { onEvent, onBack }) {
  let tries = 0;
  let connected = false;
  let everConnected = false;

  function open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws/requests/${requestId}/`);
    socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => closed(code));
  }

  function receive(event) {
    if (event.type !== "ready") return onEvent(event);
    connected = true;
    tries = 0;
    show("");
    if (everConnected) onBack();
    everConnected = true;
  }

  function closed(code) {
    connected = false;
    if (code === FORBIDDEN) return show(gettext("You may no longer see this request. Reload the page."), "bad");
    setTimeout(() => connected || show(gettext("Reconnecting…")), SAY_AFTER_MS);
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries) * (0.75 + Math.random() / 2);
    tries += 1;
    setTimeout(open, wait);
  }

  open();
  return { isConnected: () => connected };
}

function show(text, tone = "") {
  const box = byId("live-state");
  box.textContent = text;
  box.hidden = !text;
  box.classList.toggle("bad", tone === "bad");
}
