/** What speaks for a candidate and what against it, in words. */
import { clock, duration, metres } from "./format.js";

/** The evidence by name. */
export const values = (row) => Object.fromEntries(row.evidence.map(({ name, value }) => [name, value]));

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
