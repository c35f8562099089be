/** What the models say of a candidate, as chips: what was asked for first. */
import { h, icon, readData } from "./dom.js";
import { percent } from "./format.js";

const UNKNOWN = "unknown";
const ORDER = ["fits", "not", "unsure", ""];
let texts = null;

/** "Top: red", in the page's language. */
function textOf(attribute, value) {
  texts ??= readData("sayings");
  return texts[attribute]?.[value] ?? `${attribute}: ${value}`.replaceAll("_", " ");
}

/**
 * @param {{attribute: string, value: string, probability: number, wanted: boolean|null}[]} described  of a candidate
 * @param {{attribute: string, value: string}[]} wanted  what the search asks for
 * @returns {{state: string, text: string, says: string}[]}  `state`: fits, not, unsure, or nothing where nobody asked
 */
function looksOf(described, wanted) {
  const looks = described.map(({ attribute, value, probability, wanted: fits }) => {
    const asked = wanted.filter((term) => term.attribute === attribute);
    const says = value === UNKNOWN ? gettext("cannot tell") : `${textOf(attribute, value)} ${percent(probability)}`;
    if (!asked.length) return value === UNKNOWN ? null : { state: "", text: says, says };
    const state = value === UNKNOWN || fits === null ? "unsure" : fits ? "fits" : "not";
    return { state, text: asked.map(({ value: one }, at) => textOf(attribute, one).replace(at ? /^.*: / : "", "")).join(" / "), says: state === "fits" ? percent(probability) : says };
  }).filter(Boolean);
  return looks.sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
}

/** Work out `looks` of a candidate when what is said of it has changed, and a `looksKey` that changes with it. */
export function readLooks(row, wanted) {
  if (row.looks && row.readFrom === row.described) return;
  row.readFrom = row.described;
  row.looks = looksOf(row.described, wanted);
  row.looksKey = row.looks.map(({ state, text, says }) => state + text + says).join();
}

const ICONS = { fits: "check", not: "close", unsure: "help" };
const NAMES = () => ({ fits: gettext("as described"), not: gettext("not as described"), unsure: gettext("not certain") });

/** `isLong`: beside what was asked for, what the model says. */
export function lookChip({ state, text, says }, { isLong = false } = {}) {
  if (!state) return h("span", { class: "look" }, text);
  const words = h(state === "not" ? "s" : "span", {}, text);
  const name = NAMES()[state];
  return h("span", { class: `look ${state}`, title: `${name}: ${says}` }, icon(ICONS[state]), h("span", { class: "hidden" }, `${name}: `), words,
    isLong && h("small", {}, says));
}

/** "as described: Top: red, Hat: …" for who hears the page. */
export const looksText = (looks) => looks.filter(({ state }) => state).map(({ state, text }) => `${NAMES()[state]}: ${text}`).join(", ");

const fitting = (looks) => [looks.filter(({ state }) => state === "fits").length, looks.filter(({ state }) => state).length];

/** "3 of 4 fit" */
export function fitText(looks) {
  const [fit, all] = fitting(looks);
  return all ? interpolate(gettext("%(fit)s of %(all)s fit"), { fit, all }, true) : "–";
}

export function fitShare(looks) {
  const [fit, all] = fitting(looks);
  return all ? fit / all : 0;
}
