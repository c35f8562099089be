/** Which candidates are shown, in which order, and which new ones wait while somebody looks. Knows no DOM. */

const HOUR_MS = 3600000;
const WEAK = 0.5;
// Korea has kept UTC+9 without summer time since 1988.
const OFFSET_MS = 9 * HOUR_MS;

/** The hour on Korean clocks in which it was seen, as a number that sorts. */
export const hourOf = (row) => Math.floor((Date.parse(row.sighting.seen_at) + OFFSET_MS) / HOUR_MS);

/** Such an hour's beginning. */
export const hourStart = (hour) => new Date(hour * HOUR_MS - OFFSET_MS);

/**
 * @param {Object[]} rows  in the order that the search puts them in
 * @param {{show: string, camera: number, hour: number, plate: string, sort: string, group: string, opened: Set<number>, weakFrom: ?number}} wish
 *   `plate`: read, unread, or nothing for both; `weakFrom`: the rank from which more are wrong than right
 * @returns {{row: Object, pieces: Object[], section: string}[]}  one for each card
 */
export function arrange(rows, { show, camera, hour, plate = "", sort, group, opened, weakFrom }) {
  const shown = rows.filter((row) => (show === "all" || row.decision === show)
    && (!camera || row.sighting.camera === camera) && (!hour || row.hour === hour) && (!plate || (plate === "read") === Boolean(row.sighting.plate)));
  if (sort === "time") shown.sort(byTime);
  else if (sort === "odds") shown.sort((a, b) => (a.odds ?? 1) - (b.odds ?? 1));
  else if (sort === "plate") shown.sort((a, b) => plateDistance(a) - plateDistance(b));
  if (group === "camera") return [...gather(shown, (row) => row.sighting.camera)].flatMap(([, members]) => members.map(
    (row) => ({ row, pieces: [row], section: row.sighting.camera_name })));
  if (group === "track") return [...gather(shown, (row) => row.group)].flatMap(([id, members]) => pieces(id, members, opened));
  const isWeak = { score: (row) => weakFrom && row.rank >= weakFrom, odds: (row) => row.odds > WEAK }[sort] ?? (() => false);
  return shown.map((row) => ({ row, pieces: [row], section: isWeak(row) ? gettext("From here on more than half are probably wrong") : "" }));
}

const plateDistance = ({ plate_match: match }) => match?.distance ?? Number.MAX_VALUE; // two infinities have no difference

const byTime = (a, b) => Date.parse(a.sighting.seen_at) - Date.parse(b.sighting.seen_at);

function pieces(id, members, opened) {
  const inTime = [...members].sort(byTime);
  const lead = { row: members[0], pieces: inTime, section: "" };
  if (!opened.has(id) || members.length < 2) return [lead];
  return [lead, ...inTime.filter((row) => row !== lead.row).map((row) => ({ row, pieces: [row], section: "", isPiece: true }))];
}

function gather(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    if (groups.has(key)) groups.get(key).push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/**
 * Take in what is new without moving what is looked at: everything down to `anchor` stays where it is, new ones that
 * belong above wait, the rest follows in its order.
 * @param {Object[]} shown  the cards as they are laid out
 * @param {Object[]} wanted  as they should be
 * @param {number} anchor  the place of the last card in view
 * @param {(row: Object) => boolean} isThere  whether a candidate is still in the list at all
 * @returns {{items: Object[], held: number}}
 */
export function settle(shown, wanted, anchor, isThere) {
  const fresh = new Map(wanted.map((item) => [item.row.id, item]));
  const members = new Set(wanted.flatMap((item) => item.pieces.map((row) => row.id)));
  const known = new Set(shown.map((item) => item.row.id));
  const kept = shown.slice(0, anchor + 1).filter(({ row }) => members.has(row.id) || !isThere(row))
    .map((item) => fresh.get(item.row.id) ?? item);
  const keptIds = new Set(kept.map((item) => item.row.id));
  const last = kept.findLast((item) => fresh.has(item.row.id))?.row.id;
  const rest = [];
  let held = 0;
  let isBelow = last === undefined;
  for (const item of wanted) {
    if (item.row.id === last) isBelow = true;
    if (keptIds.has(item.row.id)) continue;
    if (isBelow || known.has(item.row.id)) rest.push(item);
    else held += 1;
  }
  return { items: [...kept, ...rest], held };
}
