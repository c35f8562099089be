/** The form of a camera, new or known: what is typed, and the direction that dial, number and map turn alike. */
import { get, patch, post } from "./api.js";
import { createDial } from "./camera_dial.js";
import { fieldNames } from "./camera_panel.js";
import { debounce, h } from "./dom.js";
import { distance, isInPolygon } from "./geometry.js";

const CHECK_MS = 250;
const NEAR_M = 10;
const LEVELS = ["sido", "sigungu", "emd"];
const DIGITS = 6;
const NUMBERS = new Set(["latitude", "longitude", "bearing_deg", "field_of_view_deg", "megapixels", "retention_days", "centre"]);
const DEGREES = new Set(["bearing_deg", "field_of_view_deg"]);
const TEXTS = { code: 40, name: 100, address: 200, purpose: 60, pole: 60, direction: 200, phone: 40 };

/**
 * @param {Object} store
 * @param {Object} data  page data
 * @param {{camera?: Object, place?: number[], onTurn: (bearing: number|null, view: number) => void,
 *   onPlace: (place: number[]) => void, onSaved: (camera: Object) => void, onCancel: () => void}} options
 *   `camera`: the one that is edited; `place`: where a new one stands
 * @returns {{element: HTMLFormElement, turn: (deg: number) => void, setPlace: (place: number[]) => void, isTouched: () => boolean}}
 */
export function createCameraForm(store, data, { camera = null, place = null, onTurn, onPlace, onSaved, onCancel }) {
  const names = fieldNames();
  const key = crypto.randomUUID?.() ?? String(Math.random());
  const fields = {};
  const errors = {};
  const start = camera ?? { ...emptyCamera(), ...suggestions(), ...placed(place) };
  const dial = createDial({ onTurn: turn });
  const alert = h("p", { class: "notice bad", role: "alert", hidden: true });
  const save = h("button", { class: "button primary" }, camera ? gettext("Save") : gettext("Add camera"));
  const form = build();
  let checks = 0;

  function emptyCamera() {
    return { code: "", name: "", address: "", purpose: "", pole: "", direction: "", phone: "", installed_on: "", megapixels: null,
      bearing_deg: null, field_of_view_deg: 70, retention_days: 30 };
  }

  function suggestions() {
    const near = place && store.known.find((row) => row.pole && distance(place, [row.latitude, row.longitude]) <= NEAR_M);
    return near ? { pole: near.pole, address: near.address, purpose: near.purpose } : {};
  }

  function field(name, attributes = {}, hint = null) {
    const id = `camera-field-${name}`;
    const input = attributes.options ? h("select", { id }, ...attributes.options)
      : h("input", { id, name, maxlength: TEXTS[name], autocomplete: "off", value: start[name] ?? "", "aria-describedby": `${id}-error`, ...attributes });
    fields[name] = input;
    errors[name] = h("p", { class: "field-error", id: `${id}-error`, "aria-live": "polite" });
    return h("div", { class: "field" }, h("label", { for: id }, names[name], DEGREES.has(name) && " (°)",
      !attributes.required && !attributes.options && h("span", { class: "optional" }, ` ${gettext("optional")}`)), input, errors[name], hint && h("p", { class: "hint" }, hint));
  }

  function build() {
    const number = (min, max, step = "any") => ({ type: "number", min, max, step });
    const row = (...children) => h("div", { class: "camera-pair" }, ...children);
    return h("form", { class: "camera-form", novalidate: true, "aria-labelledby": "camera-form-title", onsubmit: submit },
      h("h2", { id: "camera-form-title" }, camera ? gettext("Edit camera") : gettext("New camera")), alert,
      field("code", { required: true }), field("name", { required: true }), field("address"),
      !camera && row(field("latitude", { ...number(-90, 90), required: true }), field("longitude", { ...number(-180, 180), required: true })),
      !camera && data.centres.length > 1 && field("centre", { options: data.centres.map(({ id, name }) => h("option", { value: id }, name)) }),
      h("div", { class: "camera-direction" }, dial.element, h("div", { class: "camera-form" },
        field("bearing_deg", { ...number(0, 360), placeholder: gettext("unknown") }), field("field_of_view_deg", { ...number(1, 360), required: true }))),
      h("p", { class: "hint" }, gettext("Turn the dial, or drag the handle of the field of view on the map. With Shift it goes in steps of 15°.")),
      row(field("purpose", { list: "camera-purposes" }), field("pole")), field("direction"),
      row(field("megapixels", number(0.01, 1000)), field("installed_on", { maxlength: 7, pattern: "\\d{4}(-(0[1-9]|1[0-2]))?", placeholder: "2024-03" })),
      row(field("phone", { type: "tel" }), field("retention_days", { ...number(1, 3650, 1), required: true })),
      h("datalist", { id: "camera-purposes" }, ...purposes().map((value) => h("option", { value }))),
      h("div", { class: "form-end" }, h("button", { type: "button", class: "button quiet", onclick: onCancel }, gettext("Cancel")), save));
  }

  function purposes() {
    return [...new Set(store.known.map((row) => row.purpose).filter(Boolean))].sort((a, b) => a.localeCompare(b, "ko"));
  }

  function turn(deg) {
    fields.bearing_deg.value = deg;
    turned();
  }

  function turned() {
    const bearing = fields.bearing_deg.value === "" ? null : Number(fields.bearing_deg.value);
    const view = Number(fields.field_of_view_deg.value) || 70;
    dial.show(bearing, view);
    onTurn(bearing, view);
  }

  function setPlace(to) {
    for (const [name, value] of Object.entries(placed(to))) fields[name].value = value;
    suggestAddress(to);
  }

  function readPlace() {
    const to = [Number(fields.latitude.value), Number(fields.longitude.value)];
    if (fields.latitude.checkValidity() && fields.longitude.checkValidity()) onPlace(to);
  }

  async function suggestAddress(to) {
    if (fields.address.value && fields.address.value !== fields.address.dataset.guess) return;
    const found = await areaNames(to);
    if (!found || (fields.address.value && fields.address.value !== fields.address.dataset.guess)) return;
    fields.address.value = fields.address.dataset.guess = found;
  }

  function read() {
    const said = {};
    for (const [name, input] of Object.entries(fields)) {
      const text = input.value.trim();
      const value = NUMBERS.has(name) ? (text === "" ? null : Number(text)) : text;
      if (!camera || value !== (camera[name] ?? (NUMBERS.has(name) ? null : ""))) said[name] = value;
    }
    return said;
  }

  function complain(name, text) {
    errors[name].textContent = text;
    errors[name].parentElement.classList.toggle("has-error", Boolean(text));
    fields[name].setAttribute("aria-invalid", String(Boolean(text)));
  }

  async function checkNumber() {
    const code = fields.code.value.trim();
    const mine = ++checks;
    if (!code || code === camera?.code) return complain("code", "");
    const taken = gettext("Another camera has this management number.");
    const known = store.known.find((row) => row.code === code);
    if (known) return complain("code", `${taken} (${known.name})`);
    const answer = await get(`/api/cameras/number/?code=${encodeURIComponent(code)}`).catch(() => null); // saving checks again
    if (mine === checks && answer) complain("code", answer.is_free ? "" : taken);
    return undefined;
  }

  /** @returns {boolean} whether what is typed can be sent; else what is wrong stands at its field */
  function check() {
    let isGood = true;
    for (const [name, input] of Object.entries(fields)) {
      if (name === "code" && input.value.trim() && errors.code.textContent) { isGood = false; continue; }
      const text = input.required && !input.value.trim() ? gettext("This is needed.") : input.validationMessage;
      complain(name, text);
      isGood &&= !text;
    }
    if (!isGood) form.querySelector("[aria-invalid=true]").focus();
    return isGood;
  }

  async function submit(event) {
    event.preventDefault();
    alert.hidden = true;
    if (!check()) return;
    save.disabled = true;
    try {
      onSaved(camera ? await patch(`/api/cameras/${camera.id}/`, read()) : await post("/api/cameras/", read(), { key }));
    } catch (error) {
      refuse(error);
    } finally {
      save.disabled = false;
    }
  }

  /** A refusal of one field stands at the field, others above the form. */
  function refuse(error) {
    const said = Object.entries(error.content ?? {}).filter(([name]) => name in fields);
    for (const [name, sentences] of said) complain(name, [sentences].flat().join(" "));
    alert.textContent = error.message;
    alert.hidden = said.length > 0;
    (said.length ? fields[said[0][0]] : save).focus();
  }

  fields.code.addEventListener("input", debounce(checkNumber, CHECK_MS));
  for (const [name, input] of Object.entries(fields)) if (name !== "code") input.addEventListener("input", () => complain(name, ""));
  for (const name of ["bearing_deg", "field_of_view_deg"]) fields[name].addEventListener("input", turned);
  for (const name of ["latitude", "longitude"]) fields[name]?.addEventListener("change", readPlace);
  dial.show(start.bearing_deg, start.field_of_view_deg);
  if (place) suggestAddress(place);
  const before = JSON.stringify(read());
  return { element: form, turn, setPlace, isTouched: () => JSON.stringify(read()) !== before };
}

function placed(place) {
  return place ? { latitude: place[0].toFixed(DIGITS), longitude: place[1].toFixed(DIGITS) } : {};
}

/** 세종특별자치시 보람동: the areas in which a place lies, as far as they are known here. */
async function areaNames([latitude, longitude]) {
  const bounds = [longitude - 1e-5, latitude - 1e-5, longitude + 1e-5, latitude + 1e-5].map((value) => value.toFixed(6)).join(",");
  const ask = (level) => get(`/map/boundaries.json?level=${level}&bounds=${bounds}`).catch(() => ({ features: [] }));
  try {
    const answers = await Promise.all(LEVELS.map(ask));
    const found = answers.map(({ features }) => features.find(({ geometry }) => isWithin(geometry, [longitude, latitude]))?.properties.name);
    // Sejong has no districts: what stands for its one is named as the city is.
    const isRepeated = found[1] && found[0]?.startsWith(found[1].slice(0, -1));
    return found.filter((name, at) => name && !(at === 1 && isRepeated)).join(" ");
  } catch {
    return ""; // an address can be typed
  }
}

const isWithin = ({ type, coordinates }, point) => (type === "Polygon" ? [coordinates] : coordinates).some(([outside]) => isInPolygon(point, outside));
