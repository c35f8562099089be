/** One card of the grid: made once, filled anew for each candidate that it shows. */
import { h, icon, picture } from "./dom.js";
import { clock, day, duration, oddsText, shortWhen, similarity } from "./format.js";
import { fitShare, fitText, lookChip, looksText, readLooks } from "./looks.js";
import { plateFit, plateShare, plateStrip } from "./plates.js";

const MOST_LOOKS = 3;
const SECOND_ICONS = { agreed: "check", disputed: "close", awaited: "clock" };

export function makeCard() {
  const button = (name, label, iconName) => h("button", { type: "button", class: name, title: label, "aria-label": label, tabindex: "-1" }, icon(iconName));
  return h("li", { class: "candidate", tabindex: "-1" },
    h("div", { class: "candidate-picture" }, h("span", { class: "rank" }),
      h("span", { class: "state-mark" }, icon("check"), icon("close")), h("span", { class: "second-mark" }),
      h("button", { type: "button", class: "pieces", tabindex: "-1", hidden: true }),
      h("span", { class: "looks" }),
      h("span", { class: "small-mark", title: gettext("Never large enough in the picture to compare well") }, gettext("small")),
      h("span", { class: "conflict-mark", title: gettext("Too far from a confirmed sighting for the time between them.") }, icon("warning"))),
    h("div", { class: "candidate-plate" }), h("div", { class: "candidate-score" }, h("b"), h("span", { class: "bar" }, h("i"))),
    h("div", { class: "candidate-where" }),
    h("div", { class: "candidate-when" }),
    h("div", { class: "candidate-verbs" }, button("confirm", gettext("Confirm"), "check"), button("reject", gettext("Reject"), "close"),
      button("undo", gettext("Take the decision back"), "undo")));
}

/** @param {{isSelected: boolean, isMarked: boolean, isOpen: boolean, wanted: Object[]}} as  `wanted`: what the search asks for */
export function fillCard(card, { row, pieces, isPiece }, as) {
  readLooks(row, as.wanted);
  const shown = [row.id, row.rank, row.decision, row.second, row.reason, elsewhereText(row), Boolean(row.isGone), Boolean(row.conflict), row.odds, row.score, row.looksKey, plateKey(row), pieces.length,
    Boolean(isPiece), as.isSelected, as.isMarked, as.isOpen].join();
  if (card.shown === shown) return;
  card.shown = shown;
  const [rank, score, bar, second, button, looks] = card.parts ??= [".rank", ".candidate-score b", ".bar i", ".second-mark", ".pieces", ".looks"]
    .map((name) => card.querySelector(name));
  if (card.dataset.candidate !== String(row.id)) fillOnce(card, row);
  if (card.looksKey !== row.looksKey) {
    card.looksKey = row.looksKey;
    looks.replaceChildren(...row.looks.filter(({ state }) => state).slice(0, MOST_LOOKS).map((look) => lookChip(look)));
  }
  if (card.plateKey !== plateKey(row)) {
    card.plateKey = plateKey(row);
    card.querySelector(".candidate-plate").replaceChildren(...(row.sighting.kind === "vehicle" ? plateStrip(row) : []));
  }
  Object.assign(card.dataset, { decision: row.decision, second: row.second });
  for (const [name, isOn] of Object.entries({ selected: as.isSelected, marked: as.isMarked, gone: row.isGone, piece: isPiece, conflict: row.conflict })) {
    card.classList.toggle(name, Boolean(isOn));
  }
  rank.textContent = row.rank;
  score.textContent = scoreText(row);
  bar.style.width = `${sureness(row) * 100}%`;
  card.tabIndex = as.isSelected ? 0 : -1;
  for (const one of card.getElementsByTagName("button")) one.tabIndex = card.tabIndex;
  card.title = [row.decision === "rejected" && row.reason, elsewhereText(row)].filter(Boolean).join("\n");
  second.replaceChildren(...(row.second ? ["2", icon(SECOND_ICONS[row.second])] : []));
  second.title = secondText(row.second);
  fillPieces(button, pieces.length, as.isOpen);
  card.setAttribute("aria-label", describe(row, pieces.length, as.isMarked));
}

function fillOnce(card, row) {
  const { sighting } = row;
  card.dataset.candidate = row.id;
  card.classList.toggle("small-figure", sighting.is_small);
  // A new element: an old one would go on showing somebody else until the new picture is there.
  const image = picture(sighting.picture, "", { decoding: "async", loading: "eager" });
  card.querySelector("img, .icon.big")?.remove();
  card.querySelector(".candidate-picture").prepend(image);
  const where = card.querySelector(".candidate-where");
  where.textContent = where.title = sighting.camera_name;
  const stay = h("small", { title: gettext("in view") }, duration(inView(row)));
  const [at, date] = when(row);
  card.querySelector(".candidate-when").replaceChildren(h("time", { datetime: sighting.seen_at, title: `${date} ${at}` }, h("b", {}, at), h("span", {}, date)), stay);
}

const plateKey = ({ id, sighting, plate_match: match }) => [id, sighting.plate?.text, match?.text, match?.distance].join();

/** Clock and day of a candidate: worked out once, as cards come and go by the hundred. */
const when = (row) => row.when ??= [clock(row.sighting.seen_at), day(row.sighting.seen_at)];

function fillPieces(button, count, isOpen) {
  button.hidden = count < 2;
  button.textContent = `×${count}`;
  button.setAttribute("aria-expanded", String(isOpen));
  button.title = interpolate(gettext("%s pieces of one track: show or hide them"), [count]);
  button.setAttribute("aria-label", button.title);
}

/** Seconds for which it was in view, at least one. */
export const inView = ({ sighting }) => Math.max(1, (Date.parse(sighting.last_seen_at) - Date.parse(sighting.first_seen_at)) / 1000);

/** "1 in 40 wrong"; where a plate is asked for how it fits; the similarity as long as no model says how often it is wrong; without a
 * picture what fits of the description. */
export function scoreText(row) {
  if (row.plate_match) return plateFit(row.plate_match);
  if (row.odds !== null) return oddsText(row.odds);
  return row.score === null ? fitText(row.looks) : similarity(row.score);
}

/** Is its score the bare similarity, which has to be said? */
export const isSimilarity = (row) => !row.plate_match && row.odds === null && row.score !== null;

/** How sure it is, from 0 to 1, as far as something says so. */
function sureness(row) {
  if (row.plate_match) return plateShare(row.plate_match);
  if (row.odds !== null) return 1 - row.odds;
  return Math.max(0, Math.min(1, row.score ?? fitShare(row.looks)));
}

/** What became of the second opinion, in a word; "" where none is asked for. */
export const secondText = (second) => ({
  agreed: gettext("second opinion agrees"), disputed: gettext("second opinion disagrees"), awaited: gettext("second opinion awaited"),
}[second] ?? "");

/** In which other search of the request it was decided, by whom and when; "" where that was here. */
export const elsewhereText = ({ elsewhere }) => (elsewhere
  ? interpolate(gettext("search #%(search)s, %(by)s, %(when)s"), { ...elsewhere, when: elsewhere.at ? shortWhen(elsewhere.at) : "" }, true) : "");

function describe(row, count, isMarked) {
  const decision = { pending: gettext("undecided"), confirmed: gettext("confirmed"), rejected: gettext("rejected"), hidden: gettext("hidden") }[row.decision];
  const read = row.plate_match ?? row.sighting.plate;
  const plate = read && interpolate(gettext("plate %s"), [read.text]);
  const words = [decision, !row.plate_match && plate, secondText(row.second), elsewhereText(row), row.conflict && gettext("impossible in this time"), isMarked && gettext("chosen"), looksText(row.looks),
    count > 1 && `×${count}`].filter(Boolean).join(", ");
  const [at, date] = when(row);
  const { camera_name: camera } = row.sighting;
  const score = isSimilarity(row) ? interpolate(gettext("similarity %s"), [similarity(row.score)]) : row.plate_match ? `${plate}: ${scoreText(row)}` : scoreText(row);
  return interpolate(gettext("Candidate %(rank)s, %(score)s, %(camera)s, %(when)s, %(decision)s"),
    { rank: row.rank, score, camera, when: `${date} ${at}`, decision: words }, true);
}
