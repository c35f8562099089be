/** The candidate in focus in a dialog of its own: why this one, and what of the description somebody finds on it. */
import "/jsi18n/later/";
import { inView } from "./candidate_card.js";
import { byId, h } from "./dom.js";
import "./enlarge.js";
import { duration, percent, similarity } from "./format.js";
import { lookChip } from "./looks.js";
import { plateFit, plateStrip } from "./plates.js";
import { fromLastSeen, values } from "./reasons.js";

const MOST_OTHERS = 4;
const LEAST_CHANCE = 0.02;

/**
 * @param {{dialog: HTMLDialogElement, addPane: Function, candidates: Object, search: () => Object, asked: () => string,
 *   shown: () => Object|null, show: () => void}} options  all of compare.js
 */
export function addLarge({ dialog, addPane, candidates, search, asked, shown, show }) {
  const checked = new Map(); // what of the description somebody has found on a candidate
  const pane = addPane(byId("compare-large"), { isOpen: () => dialog.open, plate: (row) => platePair(row, asked()), more, sought: (row) => platesLaid(row, asked()) });

  function more(row) {
    return [row.looks.length > 0 && looks(row.looks), h("h3", {}, gettext("Why this one")), reasonList(row, candidates.state.rows, search()), checklist(row)];
  }

  /** What the witness said, to be looked for on this candidate. Kept while the page is open, and judged by nobody. */
  function checklist(row) {
    const { description = [], plate = "" } = search() ?? {};
    const wanted = [...description, plate && !row.plate_match && interpolate(gettext("plate %s"), [plate])].filter(Boolean);
    const found = checked.get(row.id) ?? new Set();
    checked.set(row.id, found);
    const mark = (word) => ({ target }) => (target.checked ? found.add(word) : found.delete(word));
    return wanted.length > 0 && h("fieldset", { class: "checklist" }, h("legend", {}, gettext("As described?")), ...wanted.map((word) => h("label", { class: "check" },
      h("input", { type: "checkbox", checked: found.has(word), onchange: mark(word) }), word)));
  }

  function open() {
    if (!shown() || dialog.open) return;
    dialog.append(byId("toasts"), byId("reason-pop")); // what lies outside of an open dialog is behind it
    dialog.showModal();
    pane.pair.reset();
    show();
  }

  dialog.addEventListener("close", () => {
    candidates.clip.stop();
    document.body.append(byId("toasts"), byId("reason-pop"));
    if (candidates.selectedRow) candidates.select(candidates.selectedRow.id);
  });
  dialog.addEventListener("click", ({ target }) => {
    const step = target.closest("[data-step]")?.dataset.step;
    if (step) candidates.move(step, { focus: false });
  });
  return { pane, open };
}

/** What the model says of it, beside what was asked for. */
const looks = (said) => h("div", {}, h("h3", {}, gettext("What the model sees")),
  h("p", { class: "look-list" }, ...said.map((look) => lookChip(look, { isLong: true }))));

/** What the description adds to the odds or takes from them, in words: "8 times likelier". */
function weight(logOdds) {
  const times = Math.exp(Math.abs(logOdds));
  if (times < 1.1) return gettext("says neither");
  const text = times < 10 ? times.toFixed(1) : Math.round(times);
  return interpolate(logOdds > 0 ? gettext("speaks for it, %s times likelier") : gettext("speaks against it, %s times less likely"), [text]);
}

/** @param {Object[]} rows  all candidates, in order of likeness */
function reasonList(row, rows, search) {
  const known = values(row);
  const next = rows[row.rank];
  const compared = search?.compared ?? known.compared;
  const lines = [
    known.picture ? [gettext("most like"), interpolate(gettext("query picture %(number)s (%(score)s)"),
      { number: known.picture, score: similarity(known.similarity) }, true)] : row.score !== null && [gettext("similarity"), similarity(row.score)],
    [gettext("place in the list"), interpolate(gettext("%(rank)s of %(compared)s compared"),
      { rank: row.rank, compared: compared.toLocaleString() }, true)],
    row.plate_match && [gettext("number plate"), plateFit(row.plate_match)],
    known.description !== undefined && [gettext("description"), weight(known.description)],
    next && row.score !== null && next.score !== null && [gettext("ahead of the next"), (row.score - next.score).toFixed(3)],
    [gettext("in view"), duration(inView(row))],
    [gettext("size"), `${Math.round(known.width_px)} × ${Math.round(known.height_px)} px`],
    [gettext("from where last seen"), fromLastSeen(row) || "–"],
  ];
  return h("dl", { class: "facts reasons" }, ...lines.filter(Boolean).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
}

/** Both plates: the one that is asked for, and the one that was read, with its picture and how sure the reader is. */
function platePair(row, asked) {
  const { plate } = row.sighting;
  if (!asked && !plate) return null;
  return h("div", { class: "plate-pair" },
    asked && h("p", {}, h("span", { class: "muted small" }, gettext("plate asked for")), h("b", { class: "plate" }, asked)),
    h("p", {}, h("span", { class: "muted small" }, gettext("plate read")), ...plateStrip(row).map(enlargeable)),
    plate && h("p", { class: "muted small plate-details" }, plateDetails(plate)));
}

const enlargeable = (part) => (part.matches("img")
  ? h("button", { type: "button", class: "enlarge", title: gettext("Enlarge"), dataset: { enlarge: "" } }, Object.assign(part, { alt: gettext("number plate") })) : part);

/** The plate that is asked for and below it the one that was read, character by character. */
function platesLaid({ plate_match: match }, asked) {
  if (!match) return asked && h("b", { class: "plate" }, asked);
  const [above, below] = [gettext("plate asked for"), gettext("plate read")];
  return h("div", { class: "plate-laid", role: "img", "aria-label": `${above} ${asked}, ${below} ${match.text}` }, h("p", { class: "muted small" }, above),
    h("p", { class: "plate-places" }, ...match.marks.map((mark) => h("b", {}, mark.asked))),
    h("p", { class: "plate-places" }, ...match.marks.map(({ state, character }) => h("span", { class: `plate-${state}` }, character))),
    h("p", { class: "muted small" }, below));
}

/** How sure the reader is, and what else each character may be: "confidence 93% · read 4 times · may be: 3 → 8 (12%)". */
function plateDetails({ confidence, reads, characters }) {
  const others = characters.flatMap(([best, ...rest]) => rest.filter(({ chance }) => chance >= LEAST_CHANCE)
    .map(({ character, chance }) => ({ text: `${best.character} → ${character} (${percent(chance)})`, chance })));
  const likeliest = others.sort((a, b) => b.chance - a.chance).slice(0, MOST_OTHERS).map(({ text }) => text);
  return [interpolate(gettext("confidence %s"), [percent(confidence)]), interpolate(ngettext("read %s time", "read %s times", reads), [reads]),
    likeliest.length > 0 && interpolate(gettext("may be: %s"), [likeliest.join(", ")])].filter(Boolean).join(" · ");
}
