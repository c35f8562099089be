/** A socket that comes back by itself. */

const FORBIDDEN = 4403;
const LONGEST_WAIT_MS = 30000;

/**
 * @param {string} path
 * @param {{onEvent: Function, onBack?: Function, onState?: (state: "open"|"lost"|"forbidden") => void}} listeners
 *   `onBack`: connected again, something may have been missed
 * @returns {{isConnected: () => boolean}}
 */
export function openSocket(path, { onEvent, onBack = () => {}, onState = () => {} }) {
  let tries = 0;
  let connected = false;
  let everConnected = false;

  function open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${path}`);
    socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => closed(code));
  }

  function receive(event) {
    if (event.type !== "ready") return onEvent(event);
    connected = true;
    tries = 0;
    onState("open");
    if (everConnected) onBack();
    everConnected = true;
    return undefined;
  }

  function closed(code) {
    connected = false;
    if (code === FORBIDDEN) return onState("forbidden");
    onState("lost");
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries) * (0.75 + Math.random() / 2);
    tries += 1;
    setTimeout(open, wait);
    return undefined;
  }

  open();
  return { isConnected: () => connected };
}
