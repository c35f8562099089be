/** How far the legal basis lets one look: the circle on the map, and the limits beside the hours and the cameras. */
import { byId, token } from "./dom.js";
import { day, clock, metres } from "./format.js";
import { distance } from "./geometry.js";
import { themeChanged } from "./page.js";

const HOUR_MS = 3600000;
const ROUND_TO = { cameras: 1, radius: 100, hours: 1 };
const FIELDS = { cameras: "scope-most_cameras", radius: "scope-radius_m", hours: "scope-hours" };

/**
 * @param {{map: L.Map, cameras: Object, timeRange: Object, state: Object, onChanged: () => void}} options  `onChanged`:
 *   what may be searched is not what it was
 * @returns {{offerWidening: (rules: Object[]) => void}}
 */
export function addScope({ map, cameras, timeRange, state, onChanged }) {
  const circle = L.circle([0, 0], { radius: 1, interactive: false, weight: 1.5, dashArray: "2 6", fill: false });
  let scope = state.scope();

  function take() {
    const before = terms(scope);
    draw();
    if (terms(scope) === before) return;
    offerWidening([]);
    onChanged();
  }

  function draw() {
    scope = state.scope();
    circle.remove();
    if (scope.place && scope.radius) circle.setLatLng(scope.place).setRadius(scope.radius).setStyle({ color: token("--warn") }).addTo(map);
    for (const part of document.querySelectorAll("#search-form fieldset, #search-form .options input")) part.disabled = !scope.isSearchable;
    byId("start-search").disabled = !scope.isSearchable;
    check();
  }

  /** Say the limits, and in red what the portal will refuse. It decides; this only spares the try. */
  function check() {
    say("hours-limit", scope.hours !== null && hoursText(scope), isTooLong(scope, timeRange.read()));
    const count = new Set([...scope.searched, ...cameras.chosen]).size;
    const rows = [...cameras.chosen].map(cameras.get).filter(Boolean);
    const from = scope.place ?? middle(rows); // once: thousands may be chosen
    const reach = rows.reduce((most, row) => Math.max(most, distance(from, placeOf(row))), 0);
    const texts = [
      scope.cameras !== null && interpolate(gettext("%s of %s cameras"), [count, scope.cameras]),
      scope.radius !== null && (scope.place ? interpolate(gettext("within %s of the place"), [metres(scope.radius)])
        : interpolate(gettext("within %s of their middle"), [metres(scope.radius)])),
    ].filter(Boolean);
    say("cameras-limit", texts.join(" · "), (scope.cameras !== null && count > scope.cameras) || (scope.radius !== null && reach > scope.radius));
  }

  /** A refused search: who may widen the scope gets the form with what was asked for filled in. */
  function offerWidening(rules) {
    const button = byId("widen-scope");
    button.hidden = !rules.length || !byId("scope-form");
    button.onclick = () => {
      for (const { rule, asked } of rules) byId(FIELDS[rule]).value = Math.ceil(asked / ROUND_TO[rule]) * ROUND_TO[rule];
      byId("scope-dialog").showModal();
      byId("scope-reason").focus();
    };
  }

  cameras.changed.on(check);
  timeRange.changed.on(check);
  state.changed.on(take);
  themeChanged.on(draw);
  draw();
  return { offerWidening };
}

const terms = ({ cameras, radius, hours, isSearchable }) => JSON.stringify([cameras, radius, hours, isSearchable]);

function say(id, text, isBreached) {
  const box = byId(id);
  box.hidden = !text;
  box.textContent = text ? `${isBreached ? gettext("Out of scope") : gettext("Scope")}: ${text}` : "";
  box.classList.toggle("bad-text", Boolean(isBreached));
}

function hoursText({ hours, moment }) {
  if (!moment) return interpolate(gettext("at most %s h"), [hours]);
  const [from, until] = [-hours, hours].map((step) => new Date(Date.parse(moment) + step * HOUR_MS));
  return `${day(from).slice(5)} ${clock(from).slice(0, 5)} – ${day(until).slice(5)} ${clock(until).slice(0, 5)}`;
}

function isTooLong({ hours, moment }, range) {
  if (hours === null || !range) return false;
  const spans = moment ? [Date.parse(moment) - range.from, range.until - Date.parse(moment)] : [range.until - range.from];
  return Math.max(...spans) / HOUR_MS > hours;
}

const placeOf = (row) => [row.latitude, row.longitude];

/** How many of the rows lie beyond what the legal basis allows; 0 where it draws no circle. */
export function countOutside(rows, { place, radius }) {
  if (!place || radius === null || radius === undefined) return 0;
  return rows.filter((row) => distance(place, placeOf(row)) > radius).length;
}

function middle(rows) {
  const half = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  return [half(rows.map((row) => row.latitude)), half(rows.map((row) => row.longitude))];
}
