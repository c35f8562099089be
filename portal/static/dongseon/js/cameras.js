/** The cameras that may be searched, and which of them are chosen. */
import { get } from "./api.js";
import { signal } from "./dom.js";

const MOST_KEPT = 50;

/** Load the cameras. Each change of the choice is told through `changed`. */
export async function loadCameras() {
  const rows = await get("/api/cameras/");
  return createCameras(rows);
}

/** What is chosen after `ids` were set, added to or removed from `before`. @returns {Set<number>} */
export function combine(before, ids, mode) {
  if (mode === "set") return new Set(ids);
  const next = new Set(before);
  for (const id of ids) {
    if (mode === "add") next.add(id);
    else next.delete(id);
  }
  return next;
}

export function createCameras(known) {
  const byId = new Map(known.map((row) => [row.id, row]));
  // A retired camera may still have recordings: one can choose it by hand, but it does not come with others.
  const searchable = known.filter((row) => row.status !== "retired");
  const chosen = new Set();
  const changed = signal();
  const past = [];

  /** @param {boolean} isAmended the last choice is made anew (a circle pulled larger): undo goes back before both */
  function choose(ids, { isAmended = false } = {}) {
    const next = new Set([...ids].filter((id) => byId.has(id)));
    if (next.size === chosen.size && [...next].every((id) => chosen.has(id))) return;
    const isFirst = !past.length && !chosen.size;
    if (!isAmended && !isFirst) past.push([...chosen]);
    if (past.length > MOST_KEPT) past.shift();
    write(next);
  }

  function write(next) {
    chosen.clear();
    for (const id of next) chosen.add(id);
    changed.emit();
  }

  return {
    rows: searchable,
    known,
    chosen,
    changed,
    choose,
    get: (id) => byId.get(id),
    apply: (ids, mode) => choose(combine(chosen, ids, mode)),
    toggle: (id) => choose(combine(chosen, [id], chosen.has(id) ? "remove" : "add")),
    all: () => choose(searchable.map((row) => row.id)),
    none: () => choose([]),
    canUndo: () => past.length > 0,
    undo: () => past.length && write(past.pop()),
    /** The span of everything recorded, as two dates; null where there is nothing. */
    recorded() {
      const starts = searchable.filter((row) => row.recorded_from).map((row) => Date.parse(row.recorded_from));
      const ends = searchable.filter((row) => row.recorded_until).map((row) => Date.parse(row.recorded_until));
      return starts.length ? [new Date(Math.min(...starts)), new Date(Math.max(...ends))] : null;
    },
    /** Cameras with a recording that may touch the range. */
    recordedBetween: (from, until) => searchable.filter((row) => row.recorded_from
      && Date.parse(row.recorded_from) < until && Date.parse(row.recorded_until) > from),
  };
}
