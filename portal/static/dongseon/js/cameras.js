/** The cameras that may be searched, and which of them are chosen. */
import { get } from "./api.js";
import { signal } from "./dom.js";

/** Load the cameras. Each change of the choice is told through `changed`. */
export async function loadCameras() {
  const rows = await get("/api/cameras/");
  return createCameras(rows);
}

export function createCameras(rows) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const searchable = rows.filter((row) => row.status !== "retired");
  const chosen = new Set();
  const changed = signal();

  function choose(ids) {
    chosen.clear();
    for (const id of ids) if (byId.has(id)) chosen.add(id);
    changed.emit();
  }

  return {
    rows: searchable,
    chosen,
    changed,
    choose,
    get: (id) => byId.get(id),
    toggle(id) {
      if (!chosen.delete(id)) chosen.add(id);
      changed.emit();
    },
    all: () => choose(searchable.map((row) => row.id)),
    none: () => choose([]),
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
