/** Why a search that has ended found nothing, and what helps. */
import "/jsi18n/later/";

export function whyNone({ status, plate, kind, pictures, wanted, warning }) {
  const isPlateAlone = plate && kind === "vehicle" && !pictures.length && !wanted.length;
  if (status === "done" && isPlateAlone) return `${gettext("No plate like this was found. Type fewer characters of it, or ? for those that are not sure. Widen the time range, add cameras, or search by colour and type without the plate.")} ${warning}`;
  if (status === "done") return gettext("Nothing similar was found. Widen the time range, add cameras, or change the query.");
  if (status === "failed") return gettext("The search failed. The message on the left says why.");
  return gettext("The search was cancelled before it found anything.");
}
