/** The grid of candidates: drawn once, then only changed where something changed. */
import { byId, h, icon, picture, signal } from "./dom.js";
import { clock, day, similarity, timeElement } from "./format.js";

/**
 * @param {{onConfirm: Function, onReject: Function, onUndo: Function}} verbs  each is given the candidate
 */
export function createCandidates(verbs) {
  const cards = new Map();
  const selected = signal();
  const hovered = signal();
  const state = { rows: [], selectedId: null, show: "all", sort: "score", picture: new Map() };

  /** Take a fresh list from the API. A picture's address is kept, so that a refresh does not load it again. */
  function set(rows) {
    rows.forEach((row, at) => {
      row.rank = at + 1;
      const known = state.picture.get(row.sighting.id);
      if (known) row.sighting.picture = known;
      else state.picture.set(row.sighting.id, row.sighting.picture);
    });
    state.rows = rows;
    if (!rows.some((row) => row.id === state.selectedId)) select(null);
    draw();
  }

  function visible() {
    const rows = state.rows.filter((row) => state.show === "all" || row.decision === state.show);
    return state.sort === "time" ? rows.sort((a, b) => a.sighting.seen_at.localeCompare(b.sighting.seen_at)) : rows;
  }

  function draw() {
    const rows = visible();
    const list = byId("candidates");
    const kept = new Set(rows.map((row) => row.id));
    for (const [id, card] of cards) {
      if (kept.has(id)) continue;
      card.remove();
      cards.delete(id);
    }
    rows.forEach((row, at) => {
      const card = cards.get(row.id) ?? make(row);
      update(card, row);
      if (list.children[at] !== card) list.insertBefore(card, list.children[at] ?? null);
    });
    if (!rows.some((row) => row.id === state.selectedId)) select(rows[0]?.id ?? null, { focus: false, isAutomatic: true });
    showCounts();
  }

  function make(row) {
    const button = (name, label, iconName, act) => h("button", { type: "button", class: name, title: label, "aria-label": label,
      tabindex: "-1", onclick: (event) => { event.stopPropagation(); act(current(row.id), event.currentTarget); } }, icon(iconName));
    const card = h("li", { class: "candidate", tabindex: "-1", dataset: { candidate: row.id },
      onclick: () => select(row.id), onfocus: () => select(row.id, { focus: false }),
      onpointermove: (event) => hasMoved(event) && hovered.emit(current(row.id)), onpointerleave: () => hovered.emit(null) },
      h("div", { class: "candidate-picture" },
        picture(row.sighting.picture, "", { loading: "lazy", decoding: "async" }),
        h("span", { class: "rank" }), h("span", { class: "state-mark" }, icon("check"), icon("close")), h("span", { class: "second-mark" }),
        row.sighting.is_small
          && h("span", { class: "small-mark", title: gettext("Never reached 64 × 128 pixels") }, gettext("small"))),
      h("div", { class: "candidate-score" }, h("b"), h("span", { class: "bar" }, h("i"))),
      h("div", { class: "candidate-where", title: row.sighting.camera_name }, row.sighting.camera_name),
      h("div", { class: "candidate-when" }, timeElement(row.sighting.seen_at)),
      h("div", { class: "candidate-verbs" },
        button("confirm", gettext("Confirm"), "check", verbs.onConfirm),
        button("reject", gettext("Reject"), "close", verbs.onReject),
        button("undo", gettext("Take the decision back"), "undo", verbs.onUndo)));
    cards.set(row.id, card);
    return card;
  }

  function update(card, row) {
    card.dataset.decision = row.decision;
    card.dataset.second = row.second;
    card.classList.toggle("selected", row.id === state.selectedId);
    card.querySelector(".rank").textContent = row.rank;
    card.querySelector(".candidate-score b").textContent = similarity(row.score);
    card.querySelector(".bar i").style.width = `${Math.max(0, Math.min(1, row.score)) * 100}%`;
    card.tabIndex = row.id === state.selectedId ? 0 : -1;
    for (const button of card.querySelectorAll("button")) button.tabIndex = card.tabIndex;
    card.title = row.decision === "rejected" ? row.reason : "";
    const second = card.querySelector(".second-mark");
    second.textContent = { agreed: "2✓", disputed: "2✗", awaited: "2…" }[row.second] ?? "";
    second.title = secondText(row.second);
    card.setAttribute("aria-label", describe(row));
  }

  function showCounts() {
    for (const box of document.querySelectorAll("#candidate-filter [data-count]")) {
      const wanted = box.dataset.count;
      box.textContent = state.rows.filter((row) => wanted === "all" || row.decision === wanted).length;
    }
  }

  const current = (id) => state.rows.find((row) => row.id === id);

  /** `isAutomatic`: nobody asked for this one, so that the map had better stay where it is. */
  function select(id, { focus = true, isAutomatic = false } = {}) {
    const before = state.selectedId;
    state.selectedId = id;
    for (const pk of [before, id]) if (cards.has(pk) && current(pk)) update(cards.get(pk), current(pk));
    const card = cards.get(id);
    if (card && focus) card.focus({ preventScroll: true });
    if (card && id !== before) card.scrollIntoView({ block: "nearest" });
    if (id !== before) selected.emit(current(id) ?? null, isAutomatic);
  }

  /** Move by one card, or by one row of the grid. */
  function move(direction) {
    const rows = visible();
    const at = rows.findIndex((row) => row.id === state.selectedId);
    const columns = getComputedStyle(byId("candidates")).gridTemplateColumns.split(" ").length;
    const step = { left: -1, right: 1, up: -columns, down: columns }[direction];
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next) select(next.id);
  }

  /** Go on to the next open candidate after one was decided. */
  function selectNextOpen(afterId) {
    const rows = visible();
    const at = rows.findIndex((row) => row.id === afterId);
    const next = [...rows.slice(at + 1), ...rows.slice(0, Math.max(0, at))].find((row) => row.decision === "pending");
    if (next) select(next.id);
  }

  function replace(row) {
    const at = state.rows.findIndex((other) => other.id === row.id);
    if (at < 0) return;
    Object.assign(state.rows[at], { decision: row.decision, reason: row.reason, second: row.second ?? "" });
  }

  byId("candidate-filter").addEventListener("change", ({ target }) => { state.show = target.value; draw(); });
  byId("candidate-sort").addEventListener("change", ({ target }) => { state.sort = target.value; draw(); });
  return { state, set, draw, visible, current, select, move, selectNextOpen, replace, selected, hovered,
    get selectedRow() { return current(state.selectedId) ?? null; } };
}

/** What became of the second opinion, in a word; "" where none is asked for. */
export const secondText = (second) => ({
  agreed: gettext("two agree"), disputed: gettext("two disagree"), awaited: gettext("2nd opinion awaited"),
}[second] ?? "");

/** Browsers also report moves when the page moves under a pointer at rest: those must not change what is shown. */
const hasMoved = (event) => event.movementX !== 0 || event.movementY !== 0;

function describe(row) {
  const decision = { pending: gettext("undecided"), confirmed: gettext("confirmed"), rejected: gettext("rejected"), hidden: gettext("hidden") }[row.decision];
  const words = [decision, secondText(row.second)].filter(Boolean).join(", ");
  const { camera_name: camera, seen_at: at } = row.sighting;
  return interpolate(gettext("Candidate %(rank)s, similarity %(score)s, %(camera)s, %(when)s, %(decision)s"),
    { rank: row.rank, score: similarity(row.score), camera, when: `${day(at)} ${clock(at)}`, decision: words }, true);
}
