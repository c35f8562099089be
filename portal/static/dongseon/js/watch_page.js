/** The watch list's pages: they follow what happens, and alerts are gone through by keys. */
import "./alert_clip.js";
import { getPage } from "./api.js";
import { byId, throttle } from "./dom.js";
import "./enlarge.js";
import { isTyping } from "./page.js";
import { swapParts } from "./parts.js";
import { openSocket } from "./socket.js";

const REFRESH_MS = 1000;
const SAY_AFTER_MS = 2000;
const NEXT_KEY = "dongseon.next-alerts";
// By alert, what its reason was asked for; not on the form, which is another one after each refresh.
const wanted = new Map();
// Letters go by their place, so that they work with the Korean keyboard too.
const CODES = { KeyJ: "next", KeyK: "previous", KeyY: "confirmed", KeyN: "dismissed" };

let asked = 0;
let shown = 0;

/** Fetch the page anew; what somebody has typed, opened and focused stays. A late answer does not undo a newer one. */
async function load() {
  asked += 1;
  const turn = asked;
  try {
    const answer = await getPage(location.href);
    if (answer.redirected || answer.status === 403) return location.reload(); // logged out, or as somebody else
    const html = await answer.text();
    if (!answer.ok || turn < shown) return undefined;
    shown = turn;
    const place = cards().indexOf(document.activeElement);
    swapParts(html);
    showWanted();
    if (place >= 0 && !current()) cards()[Math.min(place, cards().length - 1)]?.focus(); // somebody else has decided it
  } catch {
    // The socket comes back by itself, and the page with it.
  }
  return undefined;
}

const cards = () => [...document.querySelectorAll("[data-alert]")];
const current = () => document.activeElement?.closest?.("[data-alert]") ?? null;

function step(way) {
  const rows = cards();
  const at = rows.indexOf(current());
  const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + way))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Send the decision with its reason or, without one, ask for it. */
function decide(card, status) {
  const form = card.querySelector(".alert-decide");
  const button = form?.querySelector(`button[value="${status}"]`);
  const reason = form?.elements.reason;
  if (!button || !reason) return;
  if (reason.value.trim()) {
    form.requestSubmit(button);
    return;
  }
  wanted.set(card.id, status);
  showWanted();
  reason.focus();
}

/** Mark the verdict that Enter would send, and ask for the reason of that one. */
function showWanted() {
  for (const card of cards()) {
    const reason = card.querySelector(".alert-decide [name=reason]");
    const armed = card.querySelector(`.alert-decide button[value="${wanted.get(card.id)}"]`);
    for (const button of card.querySelectorAll(".alert-decide button")) button.classList.toggle("armed", button === armed);
    reason.classList.toggle("asked", Boolean(armed));
    reason.placeholder = armed?.dataset.why ?? reason.dataset.why;
    reason.setAttribute("aria-label", armed?.dataset.why ?? reason.dataset.label);
  }
}

function forget(card) {
  wanted.delete(card.id);
  showWanted();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return;
  const act = CODES[event.code];
  if (!act) return;
  const card = current() ?? cards()[0];
  if (!card) return;
  event.preventDefault();
  if (act === "next") step(1);
  else if (act === "previous") step(-1);
  else decide(card, act);
}

/** Enter in the reason sends what was asked for by key; without that it would press the first button. */
function enter(event) {
  const form = event.target.closest?.(".alert-decide");
  if (!form || event.target.name !== "reason" || event.isComposing) return;
  const card = form.closest("[data-alert]");
  if (event.key === "Escape") {
    forget(card);
    card.focus();
  }
  if (event.key !== "Enter") return;
  event.preventDefault();
  const buttons = [...form.querySelectorAll("button[name=status]")];
  const button = buttons.length === 1 ? buttons[0] : form.querySelector(`button[value="${wanted.get(card.id)}"]`);
  if (button) form.requestSubmit(button);
  else buttons[0].focus(); // which of the two is for the person to say
}

/** A decision loads the page anew: then the work goes on at the next card, or at the last one if there is none. */
function keepPlace(event) {
  const card = event.target.closest?.("[data-alert]");
  if (!card) return;
  const ids = cards().map((one) => one.id);
  const place = ids.indexOf(card.id);
  try {
    sessionStorage.setItem(NEXT_KEY, JSON.stringify([...ids.slice(place + 1), ...ids.slice(0, place).reverse()]));
  } catch {
    // Without storage J begins at the first.
  }
}

function kept() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(NEXT_KEY)) ?? [];
    sessionStorage.removeItem(NEXT_KEY);
    return ids;
  } catch {
    return [];
  }
}

function goOn() {
  const next = kept().map(byId).find(Boolean);
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function show(text, tone = "") {
  const box = byId("live-state");
  box.textContent = text;
  box.hidden = !text;
  box.classList.toggle("bad", tone === "bad");
}

// Looking at alerts is written down, and reads what one was told of them: a page in a hidden tab waits to be looked at.
let isLate = false;
const refresh = throttle(() => {
  isLate = document.visibilityState !== "visible";
  if (!isLate) load();
}, REFRESH_MS);
document.addEventListener("visibilitychange", () => isLate && refresh());
const socket = openSocket("/ws/watch/", {
  onEvent: refresh,
  onState: (state) => {
    if (state === "open") {
      show("");
      refresh(); // the first time, too: of what came since the page was written nothing was heard
    } else if (state === "forbidden") show(gettext("You may no longer see this list. Reload the page."), "bad");
    else setTimeout(() => socket.isConnected() || show(gettext("Reconnecting…")), SAY_AFTER_MS);
  },
});
// Where a form was refused stands the form's address: loading that anew would send it again.
const home = document.querySelector("[data-address]")?.dataset.address;
if (home) history.replaceState(null, "", home);
goOn();
document.addEventListener("submit", keepPlace);
document.addEventListener("keydown", press);
document.addEventListener("keydown", enter);
