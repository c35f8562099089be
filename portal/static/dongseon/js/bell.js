/** The bell: how many notifications are unread, the latest of them, and a notice when one comes. The number of open alerts
 * in the navigation comes with the list; pages that follow the watch list by themselves need no second socket for it. */
import { getPage, post } from "./api.js";
import { byId, h, throttle } from "./dom.js";
import { openSocket } from "./socket.js";
import { errorToast, toast } from "./toasts.js";

const box = byId("bell-box");
const count = byId("bell-count");
const alerts = byId("open-alerts");
const title = document.title;
const READ_AFTER_MS = 2500;

function show(unread) {
  count.textContent = unread > 99 ? "99+" : unread;
  count.hidden = !unread;
  byId("bell-read").disabled = !unread;
  document.title = unread ? `(${unread}) ${title}` : title;
}

/** Fetch the list and show it. @returns {Promise<Element|null>} it */
async function load() {
  try {
    const answer = await getPage(box.dataset.list);
    if (!answer.ok || answer.redirected) return null;
    const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".notices");
    byId("bell-list").replaceChildren(document.importNode(list, true));
    show(Number(list.dataset.unread));
    const open = Number(list.dataset.alerts);
    alerts?.replaceChildren(...(open ? [" ", h("span", { class: "nav-count", title: alerts.dataset.title }, open)] : []));
    return list;
  } catch {
    return null; // the socket comes back by itself, and the list with it
  }
}

async function read(request = "") {
  const form = new FormData();
  if (request) form.append("request", request);
  try {
    show((await post(box.dataset.read, form)).unread);
    await load();
  } catch (error) {
    errorToast(error);
  }
}

/** The request whose page this is, if it is one. */
const shownRequest = () => Number(/^\/requests\/(\d+)\/$/.exec(location.pathname)?.[1] ?? 0);

/** Alerts come to their own page by themselves, which reads what is said of them. */
const isOnAlerts = (event) => event.kind === "watched" && location.pathname === "/watch/alerts/" && document.visibilityState === "visible";

async function receive(event) {
  if (isOnAlerts(event)) return setTimeout(load, READ_AFTER_MS);
  if (event.request === shownRequest()) {
    // It is before the reader's eyes: nothing to announce. In a hidden tab it waits until that is looked at.
    if (document.visibilityState === "visible") return read(event.request);
    return load();
  }
  const list = await load();
  const row = list?.querySelector(`[data-notice="${event.notification}"]`);
  if (!row) return undefined;
  const [text, about] = [...row.querySelectorAll("span")].filter((span) => !span.closest(".hidden"));
  const link = row.querySelector("a").href;
  return toast(`${text.firstChild.textContent.trim()} ${about.textContent}`, {
    kind: `notice-${event.request}-${event.kind}`, action: gettext("Show"), onAction: () => location.assign(link),
  });
}

show(Number(count.textContent));
box.addEventListener("toggle", ({ newState }) => newState === "open" && load());
byId("bell-read").addEventListener("click", () => read());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && shownRequest() && !count.hidden) read(shownRequest());
});
openSocket("/ws/notifications/", { onEvent: receive, onBack: load });
if (alerts?.hasAttribute("data-follows")) openSocket("/ws/watch/", { onEvent: throttle(load, 1000), onBack: load });
