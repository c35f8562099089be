/** Geometry on the ground, nothing else: places are [latitude, longitude] in degrees, lengths are metres. */

export const EARTH_RADIUS_M = 6371008.8; // as on the server, cameras/gis.py
const RADIAN = Math.PI / 180;
const M_PER_DEG = EARTH_RADIUS_M * RADIAN;

/** The great-circle distance between two places (haversine). */
export function distance(a, b) {
  const half = Math.sin(((b[0] - a[0]) * RADIAN) / 2) ** 2
    + Math.cos(a[0] * RADIAN) * Math.cos(b[0] * RADIAN) * Math.sin(((b[1] - a[1]) * RADIAN) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Whether a place lies in the polygon with these corners; the last one joins the first. Holes come from crossing lines. */
export function isInPolygon([y, x], corners) {
  let isInside = false;
  for (let at = 0, before = corners.length - 1; at < corners.length; before = at, at += 1) {
    const [[y1, x1], [y2, x2]] = [corners[at], corners[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
  }
  return isInside;
}

/** The distance from a place to the nearest point of a line. Flat around the place: exact to a metre within a city. */
export function distanceToLine(place, line) {
  const scale = Math.cos(place[0] * RADIAN);
  const flat = line.map(([latitude, longitude]) => [(longitude - place[1]) * scale * M_PER_DEG, (latitude - place[0]) * M_PER_DEG]);
  if (flat.length === 1) return Math.hypot(...flat[0]);
  let nearest = Infinity;
  for (let at = 1; at < flat.length; at += 1) nearest = Math.min(nearest, fromOrigin(flat[at - 1], flat[at]));
  return nearest;
}

function fromOrigin([x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const along = length ? Math.max(0, Math.min(1, -(x1 * dx + y1 * dy) / length)) : 0;
  return Math.hypot(x1 + along * dx, y1 + along * dy);
}

/** The place this far to the east: where the handle of a circle sits. */
export const eastOf = ([latitude, longitude], metres) => [latitude, longitude + metres / (M_PER_DEG * Math.cos(latitude * RADIAN))];

/** A place on the map's plane at zoom 0, in pixels (Web Mercator, as Leaflet's); × 2^zoom gives any other zoom. */
export function project([latitude, longitude]) {
  const sine = Math.sin(Math.max(-85.0511287798, Math.min(85.0511287798, latitude)) * RADIAN);
  return [256 * (0.5 + longitude / 360), 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI))];
}
