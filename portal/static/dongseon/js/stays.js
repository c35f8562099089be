/** Stays: stops that follow one another at the same camera count as one place on the map and one card in the strip. */

/** @returns {{points: Object[], first: Object, last: Object, label: string, place: number[]}[]} */
export function staysOf(points) {
  const stays = [];
  for (const point of points) {
    const stay = stays.at(-1);
    if (stay && cameraOf(stay.last) === cameraOf(point)) {
      stay.points.push(point);
      stay.last = point;
      stay.label = `${stay.first.number}–${point.number}`;
    } else stays.push({ points: [point], first: point, last: point, label: String(point.number), place: placeOf(point) });
  }
  return stays;
}

export const placeOf = (point) => [point.sighting.latitude, point.sighting.longitude];

const cameraOf = ({ sighting }) => sighting.camera ?? sighting.camera_code;

/** What was read of its number plate: of a sighting, or of what an answer says of one. */
export const plateOf = ({ plate }) => plate?.text ?? "";

/** What was read of its number plate during a stay, of each vehicle the surest: several where they cannot be the same one's. */
export function platesOf({ points }) {
  const surest = [];
  for (const { sighting: { plate }, other_plate: other } of points) {
    if (!plate) continue;
    if (!surest.length || other) surest.push(plate);
    else if (plate.confidence > surest.at(-1).confidence) surest.splice(-1, 1, plate);
  }
  return [...new Set(surest.map(({ text }) => text))];
}

/** Why a point may be another vehicle than the ones before, if its plate says so. */
export const plateDoubt = ({ other_plate: other }) => other && interpolate(gettext("Another number plate than before (%s): check whether it is the same vehicle."), [other]);
