/** Confirm, reject with a reason, take back, one or several. Each is shown at once, and undone if the portal refuses it. */
import { post } from "./api.js";
import { byId } from "./dom.js";
import { errorToast, toast } from "./toasts.js";

const MOST_UNDONE = 100;

/**
 * @param {{candidates: () => Object, searchId: () => number, onDecided: Function, onStale: Function}} options
 */
export function createDecisions({ candidates, searchId, onDecided, onStale }) {
  const pending = new Set();
  const onTheirWay = new Set();
  const done = []; // what can be undone, the last at the end: each as the candidates were before

  /** Decide about a candidate, or several, alike. */
  async function decide(chosen, decision, reason = "", { isUndo = false } = {}) {
    const rows = [chosen].flat().filter((row) => row && !pending.has(row.id) && !row.isGone && row.decision !== decision && row.decision !== "hidden");
    if (!rows.length) return;
    const before = rows.map(({ id, rank, decision: seen, reason: why, second, elsewhere }) => ({ id, rank, decision: seen, reason: why, second, elsewhere }));
    rows.forEach((row) => pending.add(row.id));
    if (!isUndo) done.push(before); // at once, so that they are undone in the order in which they were made
    if (done.length > MOST_UNDONE) done.shift();
    apply(before.map((row) => ({ id: row.id, decision, reason })));
    if (decision !== "pending" && !isUndo) candidates().selectNextOpen(rows.at(-1).id);
    before.sent = send(before, decision, reason);
    onTheirWay.add(before.sent);
    try {
      const answered = await before.sent;
      apply(answered);
      setOpinionsApart(before, answered);
      say(before, decision, { isUndo });
    } catch (error) {
      if (done.includes(before)) done.splice(done.indexOf(before), 1);
      apply(before);
      errorToast(error);
      onStale();
    } finally {
      rows.forEach((row) => pending.delete(row.id));
      onTheirWay.delete(before.sent);
    }
  }

  /** What others had decided in a search that is not known here: this was the second opinion, which is not undone. */
  function setOpinionsApart(before, answered) {
    const opinions = new Set(answered.filter(({ second }) => second === "agreed" || second === "disputed").map(({ id }) => id));
    if (!opinions.size) return;
    before.splice(0, before.length, ...before.filter(({ id }) => !opinions.has(id)));
    if (!before.length && done.includes(before)) done.splice(done.indexOf(before), 1);
    const said = ngettext("%s candidate had been decided about in another search: yours is the second opinion.",
      "%s candidates had been decided about in other searches: yours are the second opinions.", opinions.size);
    toast(interpolate(said, [opinions.size]), { kind: "opinion" });
  }

  async function send(before, decision, reason) {
    const [first] = before;
    if (before.length === 1) return [await post(`/api/candidates/${first.id}/decision/`, { decision, seen: first.decision, reason })];
    const seen = before.map((row) => ({ id: row.id, seen: row.decision }));
    return (await post(`/api/searches/${searchId()}/candidates/decisions/`, { decision, reason, candidates: seen })).candidates;
  }

  function apply(rows) {
    rows.forEach((row) => candidates().replace(row));
    candidates().draw();
    onDecided();
  }

  /** Undo the last decision that is not undone yet: each candidate is as it was, with the reason that it had. */
  async function undoLast() {
    const before = done.pop();
    if (!before) return;
    await before.sent.catch(() => {}); // on its way still
    await null; // …and taken in
    if (!before.length) return;
    for (const [decision, reason] of new Map(before.map((row) => [`${row.decision} ${row.reason}`, [row.decision, row.reason]])).values()) {
      const rows = before.filter((row) => row.decision === decision && row.reason === reason);
      await decide(rows.map((row) => candidates().current(row.id)), decision, reason, { isUndo: true });
    }
    candidates().select(before.at(-1).id, { focus: !document.querySelector("dialog[open]") });
  }

  function say(before, decision, { isUndo }) {
    if (!before.length) return;
    const [{ rank }] = before;
    const texts = before.length === 1
      ? { pending: gettext("Candidate %s is undecided again."), confirmed: gettext("Candidate %s confirmed."), rejected: gettext("Candidate %s rejected.") }
      : { pending: gettext("%s candidates are undecided again."), confirmed: gettext("%s candidates confirmed."), rejected: gettext("%s candidates rejected.") };
    const undo = isUndo || decision === "pending" ? {} : { action: gettext("Undo"), onAction: undoLast };
    toast(interpolate(texts[decision], [before.length === 1 ? rank : before.length]), { tone: decision, kind: "result", ...undo });
  }

  const askReason = addReasonPop((rows, reason) => decide(rows, "rejected", reason));
  return {
    isPending: (id) => pending.has(id),
    onConfirm: (rows) => decide(rows, "confirmed"),
    onUndo: (rows) => decide(rows, "pending"),
    onReject: (rows, anchor) => askReason(rows, anchor),
    undoLast,
    canUndo: () => done.length > 0,
    /** Once the portal has answered to all that was decided so far. */
    settle: () => Promise.allSettled(onTheirWay),
  };
}

/** The little window that asks why, with the reasons that fit a person or a vehicle. Keys 1–4 choose, Escape closes, the reason used last is in focus. */
function addReasonPop(onReason) {
  const pop = byId("reason-pop");
  const groups = [...pop.querySelectorAll("[data-kind]")];
  let chips = [];
  let rows = null;
  let anchor = null;
  let last = 0;

  function close() {
    if (pop.hidden) return;
    pop.hidden = true;
    const card = document.querySelector("dialog[open]") ?? anchor?.closest?.(".candidate") ?? document.querySelector(".candidate.selected");
    card?.focus({ preventScroll: true });
  }

  function choose(reason) {
    const chosen = rows;
    close();
    if (reason.trim()) onReason(chosen, reason.trim());
  }

  pop.addEventListener("click", ({ target }) => {
    const at = chips.indexOf(target.closest("[data-reason]"));
    if (at < 0) return;
    last = at;
    choose(chips[at].dataset.reason);
  });
  pop.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = byId("reason-text").value;
    if (text.trim()) choose(text);
    else byId("reason-text").focus();
  });
  pop.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const at = /^Digit[1-4]$/.test(event.code) && event.target !== byId("reason-text") ? Number(event.code.slice(5)) - 1 : -1;
    if (chips[at]) { event.preventDefault(); chips[at].click(); }
  });
  document.addEventListener("pointerdown", ({ target }) => pop.contains(target) || close());
  // Asked before anybody else: the dialog around it stays.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || pop.hidden || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  }, true);

  return (chosen, at) => {
    rows = chosen;
    anchor = at ?? document.querySelector("dialog[open] .compare-verbs") ?? document.querySelector(".candidate.selected");
    byId("reason-text").value = "";
    groups.forEach((group) => { group.hidden = group.dataset.kind !== chosen[0].sighting.kind; });
    chips = [...pop.querySelectorAll("[data-kind]:not([hidden]) [data-reason]")];
    pop.hidden = false;
    place(pop, anchor);
    chips[last].focus();
  };
}

/** Below the anchor where there is room, above it otherwise; always within the window. */
function place(pop, anchor) {
  const at = (anchor ?? document.body).getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = pop;
  const below = at.bottom + 6 + height < innerHeight;
  pop.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, at.left + at.width / 2 - width / 2))}px`;
  pop.style.top = `${Math.max(8, Math.min(innerHeight - height - 8, below ? at.bottom + 6 : at.top - height - 6))}px`;
}
