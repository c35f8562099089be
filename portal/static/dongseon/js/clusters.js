/** Where cameras are drawn at each zoom: alone, fanned out around their pole, or together as one bubble. Knows no map. */
import { project } from "./geometry.js";

// How near, in pixels, cameras must be to become one: less the closer one looks, so that single ones come out early.
const REACH_PX = [[17, 9], [16, 13], [15, 20], [14, 28], [12, 40], [0, 50]];
export const FAN_ZOOM = 17;
const MOST_FANNED = 12;
const MERGE = 0.95;
const CELL_PX = 64;
const KEY = 2 ** 26; // more than there are rows of cells at any zoom

/**
 * @param {Object[]} rows cameras
 * @returns {(zoom: number) => Object} items of a zoom, made once: {items, of: Map from id, within(x1, y1, x2, y2)};
 *   an item is {x, y, rows, kind: "camera"|"pole"|"cluster", hub?}, in pixels of that zoom
 */
export function createLayouts(rows) {
  const points = rows.map((row) => {
    const [x, y] = project([row.latitude, row.longitude]);
    return { x, y, rows: [row] };
  });
  const kept = new Map();
  return (zoom) => {
    if (!kept.has(zoom)) kept.set(zoom, createLayout(points, zoom));
    return kept.get(zoom);
  };
}

function createLayout(points, zoom) {
  const scale = 2 ** zoom;
  const reach = REACH_PX.find(([from]) => zoom >= from)[1];
  const scaled = points.map(({ x, y, rows }) => ({ x: x * scale, y: y * scale, rows }));
  const groups = gather(gather(scaled, reach), reach * MERGE);
  const items = groups.flatMap((group) => shape(group, zoom));
  const cells = index(items, CELL_PX);
  const of = new Map();
  for (const item of items) for (const row of item.rows) of.set(row.id, item);
  return { items, of, within: (x1, y1, x2, y2) => within(cells, x1, y1, x2, y2) };
}

function shape(group, zoom) {
  if (group.rows.length === 1) return [{ ...group, kind: "camera" }];
  if (zoom >= FAN_ZOOM && group.rows.length <= MOST_FANNED) return fan(group);
  return [{ ...group, kind: isOnePlace(group.rows) ? "pole" : "cluster" }];
}

/** Cameras that cannot be told apart by zooming in: on one pole, or within some two metres. */
export function isOnePlace([first, ...others]) {
  return others.every((row) => (first.pole && row.pole === first.pole)
    || (Math.abs(row.latitude - first.latitude) < 2e-5 && Math.abs(row.longitude - first.longitude) < 2e-5));
}

/** Side by side around their middle, in the order in which they look. */
function fan({ x, y, rows }) {
  const turned = [...rows].sort((a, b) => (a.bearing_deg ?? 360) - (b.bearing_deg ?? 360));
  const radius = Math.max(13, (turned.length * 16) / (2 * Math.PI));
  const start = turned[0].bearing_deg ?? 0;
  return turned.map((row, at) => {
    const angle = ((start - 90) * Math.PI) / 180 + (2 * Math.PI * at) / turned.length;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle), rows: [row], kind: "camera", hub: { x, y } };
  });
}

/** Take together what lies within `reach` of each other, at the middle of all their cameras. */
function gather(points, reach) {
  const cells = index(points, reach);
  const taken = new Set();
  const groups = [];
  for (const point of points) {
    if (taken.has(point)) continue;
    const near = within(cells, point.x - reach, point.y - reach, point.x + reach, point.y + reach)
      .filter((other) => !taken.has(other) && (other.x - point.x) ** 2 + (other.y - point.y) ** 2 <= reach ** 2);
    for (const other of near) taken.add(other);
    groups.push(near.length === 1 ? point : middle(near));
  }
  return groups;
}

function middle(points) {
  const rows = points.flatMap((point) => point.rows);
  const mean = (name) => points.reduce((sum, point) => sum + point[name] * point.rows.length, 0) / rows.length;
  return { x: mean("x"), y: mean("y"), rows };
}

function index(points, size) {
  const cells = new Map();
  for (const point of points) {
    const key = Math.floor(point.x / size) * KEY + Math.floor(point.y / size);
    if (cells.has(key)) cells.get(key).push(point);
    else cells.set(key, [point]);
  }
  return { cells, size };
}

function within({ cells, size }, x1, y1, x2, y2) {
  const found = [];
  const isInside = ({ x, y }) => x >= x1 && x <= x2 && y >= y1 && y <= y2;
  for (let column = Math.floor(x1 / size); column <= Math.floor(x2 / size); column += 1) {
    for (let row = Math.floor(y1 / size); row <= Math.floor(y2 / size); row += 1) {
      const cell = cells.get(column * KEY + row);
      if (cell) for (const point of cell) if (isInside(point)) found.push(point);
    }
  }
  return found;
}
