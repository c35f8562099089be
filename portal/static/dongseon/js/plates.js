/** Number plates as they were read: what differs from what was asked for, and what else they may be. */
import { h, picture } from "./dom.js";

// At this distance, two unrelated characters, nobody is listed for the plate alone.
const FAR = 2;

const titles = () => ({ other: gettext("differs from the one asked for"), added: gettext("not asked for"), missing: gettext("asked for, and not read") });

/** The text with its marks: struck, underlined or boxed, so that nobody has to tell colours apart. */
function plateText({ sighting, plate_match: match }) {
  if (!match) return h("span", { class: "plate-read" }, sighting.plate?.text ?? "");
  const characters = match.marks.map(({ character, state }) => h("span", { class: `plate-${state}`, title: titles()[state] }, character));
  return h("span", { class: "plate-read", role: "img", "aria-label": `${match.text}: ${plateFit(match)}` }, ...characters);
}

/** "plate matches", "2 differ, 1 missing": short enough for the smallest card. */
export function plateFit({ marks }) {
  const [other, added, missing] = ["other", "added", "missing"].map((wanted) => marks.filter(({ state }) => state === wanted).length);
  return [
    other && interpolate(ngettext("%s differs", "%s differ", other), [other]),
    added && interpolate(gettext("%s extra"), [added]),
    missing && interpolate(gettext("%s missing"), [missing]),
  ].filter(Boolean).join(", ") || gettext("plate matches");
}

/** How near it is to what was asked for, from 0 to 1. */
export const plateShare = ({ distance }) => Math.max(0, 1 - distance / FAR);

/** A line of a card: the plate's picture with what was read of it. */
export function plateStrip(row) {
  const { plate } = row.sighting;
  if (!plate && !row.plate_match) return [h("span", { class: "muted small" }, gettext("plate not read"))];
  return [plate?.picture && picture(plate.picture, "", { class: "plate-picture", decoding: "async" }), plateText(row)].filter(Boolean);
}

/** The plate that is asked for, and the one that was read. */
export function plateLine(row, asked) {
  const { plate } = row.sighting;
  if (!asked && !plate) return null;
  return h("p", { class: "plate-line" }, asked && h("span", { class: "muted" }, `${asked} →`), plate ? plateText(row) : h("span", { class: "muted" }, gettext("plate not read")));
}
