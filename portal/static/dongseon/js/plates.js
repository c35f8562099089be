/** Number plates as they were read: what differs from what was asked for, and what else they may be. */
import { h, picture } from "./dom.js";

const DIFFERS = ["other", "added", "missing"];
const MOST_OTHERS = 4;
const LEAST_CHANCE = 0.02;
// At this distance, two unrelated characters, nobody is listed for the plate alone.
const FAR = 2;

const percent = (share) => `${Math.floor(share * 100)} %`;
const titles = () => ({ other: gettext("asked for otherwise"), added: gettext("not asked for"), missing: gettext("asked for, and not read") });

/** The text with its marks: struck, underlined or boxed, so that nobody has to tell colours apart. */
export function plateText({ sighting, plate_match: match }) {
  if (!match) return h("span", { class: "plate-read" }, sighting.plate?.text ?? "");
  const characters = match.marks.map(({ character, state }) => h("span", { class: `plate-${state}`, title: titles()[state] }, character));
  return h("span", { class: "plate-read", role: "img", "aria-label": `${match.text}: ${plateFit(match)}` }, ...characters);
}

const differing = ({ marks }) => marks.filter(({ state }) => DIFFERS.includes(state)).length;

/** "plate matches", "2 characters differ" */
export function plateFit(match) {
  const count = differing(match);
  if (!count) return gettext("plate matches");
  return interpolate(ngettext("%s character differs", "%s characters differ", count), [count]);
}

/** How near it is to what was asked for, from 0 to 1. */
export const plateShare = ({ distance }) => Math.max(0, 1 - distance / FAR);

/** A line of a card: the plate's picture with what was read of it. */
export function plateStrip(row) {
  const { plate } = row.sighting;
  if (!plate && !row.plate_match) return [h("span", { class: "muted small" }, gettext("plate not read"))];
  return [plate?.picture && picture(plate.picture, "", { class: "plate-picture", decoding: "async" }), plateText(row)].filter(Boolean);
}

/** How sure the reader is, and what else each character may be: "confidence 93 % · read 4 times · may be: 3 → 8 (12 %)". */
export function plateDetails({ confidence, reads, characters }) {
  const others = characters.flatMap(([best, ...rest]) => rest.filter(({ chance }) => chance >= LEAST_CHANCE)
    .map(({ character, chance }) => ({ text: `${best.character} → ${character} (${percent(chance)})`, chance })));
  const likeliest = others.sort((a, b) => b.chance - a.chance).slice(0, MOST_OTHERS).map(({ text }) => text);
  return [interpolate(gettext("confidence %s"), [percent(confidence)]), interpolate(ngettext("read %s time", "read %s times", reads), [reads]),
    likeliest.length > 0 && interpolate(gettext("may be: %s"), [likeliest.join(", ")])].filter(Boolean).join(" · ");
}

/** Both plates: the one that is asked for, and the one that was read; large with its picture, and how sure the reader is. */
export function platePair(row, asked, { isLarge }) {
  const { plate } = row.sighting;
  if (!asked && !plate) return null;
  if (!isLarge) return h("p", { class: "plate-line" }, asked && h("span", { class: "muted" }, `${asked} →`), plate ? plateText(row) : h("span", { class: "muted" }, gettext("plate not read")));
  return h("div", { class: "plate-pair" },
    asked && h("p", {}, h("span", { class: "muted small" }, gettext("plate asked for")), h("b", { class: "plate" }, asked)),
    h("p", {}, h("span", { class: "muted small" }, gettext("plate read")), ...plateStrip(row)),
    plate && h("p", { class: "muted small plate-details" }, plateDetails(plate)));
}
