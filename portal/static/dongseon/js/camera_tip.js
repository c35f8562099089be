/** What a camera says of itself in a few words: the tip under the pointer, and its state. */
import { h } from "./dom.js";

/** @param {Object[]} rows one camera or those of a bubble  @param {number} count how many of them are chosen */
export function tipOf(rows, count, canChoose) {
  if (rows.length > 1) {
    const names = interpolate(ngettext("%s camera", "%s cameras", rows.length), [rows.length]);
    return h("div", {}, h("b", {}, names), canChoose && h("span", {}, ` · ${interpolate(gettext("%s chosen"), [count])}`));
  }
  const [row] = rows;
  const state = stateOf(row);
  return h("div", {}, h("b", {}, row.name), h("br"), row.code, state && ` · ${state}`);
}

/** "under maintenance", "retired", "no recording", or nothing to say. */
export function stateOf(row) {
  if (row.status === "maintenance") return gettext("under maintenance");
  if (row.status === "retired") return gettext("retired");
  return row.recorded_from === null ? gettext("no recording") : ""; // undefined: this person is not told
}
