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

/** All plates that were read during a stay: more than one where they cannot be the same vehicle's. */
export const platesOf = ({ points }) => [...new Set(points.filter(({ sighting }) => plateOf(sighting))
  .filter((point, at) => !at || point.other_plate).map(({ sighting }) => plateOf(sighting)))];

/** Why a point may be another vehicle than the ones before, if its plate says so. */
export const plateDoubt = ({ other_plate: other }) => other && interpolate(gettext("Another number plate than before (%s): check whether it is the same vehicle."), [other]);
