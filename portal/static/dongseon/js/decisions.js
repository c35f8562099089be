/** Confirm, reject with a reason, take back. Each is shown at once, and undone if the portal refuses it. */
import { post } from "./api.js";
import { byId } from "./dom.js";
import { errorToast, toast } from "./toasts.js";

/**
 * @param {{candidates: () => Object, onDecided: Function, onStale: Function}} options
 */
export function createDecisions({ candidates, onDecided, onStale }) {
  const pending = new Set();

  async function decide(row, decision, reason = "") {
    if (pending.has(row.id) || row.decision === decision || row.decision === "hidden") return;
    const seen = row.decision;
    const before = { id: row.id, decision: seen, reason: row.reason, second: row.second };
    pending.add(row.id);
    apply({ id: row.id, decision, reason });
    if (decision !== "pending") candidates().selectNextOpen(row.id);
    try {
      apply(await post(`/api/candidates/${row.id}/decision/`, { decision, seen, reason }));
      say(row, decision);
    } catch (error) {
      apply(before);
      errorToast(error);
      onStale();
    } finally {
      pending.delete(row.id);
    }
  }

  function apply(row) {
    candidates().replace(row);
    candidates().draw();
    onDecided();
  }

  function say(row, decision) {
    if (decision === "pending") return toast(interpolate(gettext("Candidate %s is undecided again."), [row.rank]), { kind: "result" });
    const text = decision === "confirmed" ? gettext("Candidate %s confirmed.") : gettext("Candidate %s rejected.");
    const undo = () => decide(candidates().current(row.id) ?? row, "pending");
    return toast(interpolate(text, [row.rank]), { tone: decision, action: gettext("Undo"), onAction: undo, kind: "result" });
  }

  const askReason = addReasonPop((row, reason) => decide(row, "rejected", reason));
  return {
    isPending: (id) => pending.has(id),
    onConfirm: (row) => decide(row, "confirmed"),
    onUndo: (row) => decide(row, "pending"),
    onReject: (row, anchor) => askReason(row, anchor),
  };
}

/** The little window that asks why. Keys 1–4 choose, Escape closes, the reason used last is in focus. */
function addReasonPop(onReason) {
  const pop = byId("reason-pop");
  const chips = [...pop.querySelectorAll("[data-reason]")];
  let row = null;
  let anchor = null;
  let last = 0;

  function close() {
    if (pop.hidden) return;
    pop.hidden = true;
    const card = anchor?.closest?.(".candidate") ?? document.querySelector(".candidate.selected");
    card?.focus({ preventScroll: true });
  }

  function choose(reason) {
    const chosen = row;
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
    if (event.key === "Escape") close();
    const at = /^Digit[1-4]$/.test(event.code) && event.target !== byId("reason-text") ? Number(event.code.slice(5)) - 1 : -1;
    if (chips[at]) { event.preventDefault(); chips[at].click(); }
  });
  document.addEventListener("pointerdown", ({ target }) => pop.contains(target) || close());

  return (candidate, at) => {
    row = candidate;
    anchor = at ?? document.querySelector(".candidate.selected");
    byId("reason-text").value = "";
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
