/** Why this one: what speaks for a candidate and what against it, in words. */
import { h } from "./dom.js";
import { inView } from "./candidate_card.js";
import { clock, duration, metres, similarity } from "./format.js";
import { plateFit } from "./plates.js";

const values = (row) => Object.fromEntries(row.evidence.map(({ name, value }) => [name, value]));

/** The number of the query picture that it is most like (from 1), as far as that is known. */
export const bestPicture = (row) => values(row).picture ?? 1;

/** "+14 min · 420 m" from where and when the target was last seen. */
export function fromLastSeen(row) {
  const { after_last_seen_s: after, from_last_seen_m: away } = values(row);
  const time = after === undefined ? "" : `${after < 0 ? "−" : "+"}${duration(Math.abs(after))}`;
  return [time, metres(away)].filter(Boolean).join(" · ");
}

export function conflictText({ conflict }) {
  if (!conflict) return "";
  const facts = { where: conflict.camera_name, when: clock(conflict.seen_at), far: metres(conflict.distance_m), time: duration(conflict.seconds) };
  return interpolate(gettext("Impossible: %(far)s in %(time)s from the confirmed sighting at %(where)s, %(when)s."), facts, true);
}

/** What the description adds to the odds or takes from them, in words: "8 times likelier". */
function weight(logOdds) {
  const times = Math.exp(Math.abs(logOdds));
  if (times < 1.1) return gettext("says neither");
  const text = times < 10 ? times.toFixed(1) : Math.round(times);
  return interpolate(logOdds > 0 ? gettext("speaks for it, %s times likelier") : gettext("speaks against it, %s times less likely"), [text]);
}

/** @param {Object[]} rows  all candidates, in order of likeness */
export function reasonList(row, rows, search) {
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
    [gettext("from the last place"), fromLastSeen(row) || "–"],
  ];
  return h("dl", { class: "facts reasons" }, ...lines.filter(Boolean).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
}
