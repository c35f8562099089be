/** A time as text in 24 hours, whatever the browser's own habit; the browser's calendar stands beside it. */
import { h, icon } from "./dom.js";
import { fromField, toField } from "./format.js";

/** Put a calendar into a text field for times, and complete what is typed short. */
export function addTimeField(field, onChange = () => {}) {
  const native = h("input", { type: "datetime-local", step: "1", class: "time-native", tabindex: "-1", "aria-hidden": "true" });
  const label = gettext("Choose from a calendar");
  const button = h("button", { type: "button", class: "icon-button", title: label, "aria-label": label }, icon("clock"));
  const box = h("span", { class: "time-box" });
  let lastDay = "";
  field.replaceWith(box);
  box.append(field, native, button);
  button.addEventListener("click", () => {
    const when = fromField(field.value);
    if (when) native.value = toField(when);
    native.showPicker?.();
  });
  native.addEventListener("input", () => {
    if (!native.value) return;
    field.value = native.value.replace("T", " ");
    onChange();
  });
  field.addEventListener("input", onChange);
  field.addEventListener("change", () => {
    field.value = complete(field.value, lastDay);
    onChange();
  });
  field.addEventListener("focus", () => { lastDay = field.value.slice(0, 10); });
}

/** "14:30" or "1430" alone changes the time and keeps the day; single digits are filled up. */
function complete(value, day) {
  const match = /^(?:(\d{4})[-./](\d{1,2})[-./](\d{1,2})[T ]+)?(\d{1,2}):?(\d{2})(?::?(\d{2}))?$/.exec(value.trim());
  if (!match) return value;
  const [, year, month, date, hour, minute, second] = match;
  const pad = (text) => text.padStart(2, "0");
  const on = year ? `${year}-${pad(month)}-${pad(date)}` : day;
  return `${on} ${pad(hour)}:${minute}:${second ?? "00"}`.trim();
}
