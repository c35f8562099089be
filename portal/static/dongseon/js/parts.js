/** Parts of a page that are fetched anew: what somebody has typed, opened, focused and scrolled there stays. */
import { tickDeadlines } from "./deadlines.js";

/** Put fresh HTML (with the same data-part names) into the page. @returns {string[]} the names of what changed */
export function swapParts(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const changed = [];
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const shown = document.querySelector(`[data-part="${part.dataset.part}"]`);
    if (shown && swap(shown, part)) changed.push(part.dataset.part);
  }
  return changed;
}

/** Replace the children of `box` by those of `fresh`, unless they are the same. @returns {boolean} whether they were not */
export function swap(box, fresh) {
  const source = fresh.innerHTML;
  if ((box.swapped ?? null) === source) return false;
  box.swapped = source;
  const kept = remember(box);
  box.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
  restore(box, kept);
  tickDeadlines(box);
  return true;
}

function remember(box) {
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  return {
    fields: [...box.querySelectorAll("input, textarea, select")].filter(isTouched).map((field) => [key(field), field.value, field.checked]),
    details: [...box.querySelectorAll("details[id]")].map((details) => [details.id, details.open]),
    focus: focused && { key: key(focused), from: focused.selectionStart, to: focused.selectionEnd },
    pictures: new Map([...box.querySelectorAll("img")].map((image) => [address(image), image.src])),
    top: scrollY,
  };
}

function restore(box, { fields, details, focus, pictures, top }) {
  const all = [...box.querySelectorAll("input, textarea, select, button, a, [id][tabindex]")];
  const find = (name) => all.find((field) => key(field) === name);
  for (const [name, value, isChecked] of fields) {
    const field = find(name);
    if (!field) continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = isChecked;
    else field.value = value;
  }
  for (const [id, isOpen] of details) {
    const found = box.querySelector(`#${CSS.escape(id)}`);
    if (found) found.open = isOpen;
  }
  // The pass in an address is another each time: the first one is in the browser's cache.
  for (const image of box.querySelectorAll("img")) image.src = pictures.get(address(image)) ?? image.src;
  const field = focus && find(focus.key);
  if (field) {
    field.focus({ preventScroll: true });
    if (focus.from !== null && focus.from !== undefined && field.setSelectionRange) field.setSelectionRange(focus.from, focus.to);
  }
  scrollTo({ top, behavior: "instant" });
}

/** Not the hidden ones: a new form brings its own token. */
function isTouched(field) {
  if (field.type === "hidden" || field.type === "file") return false;
  return field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

const key = (field) => field.id || `${field.closest("form")?.getAttribute("action") ?? ""} ${field.name ?? ""} ${field.value ?? field.href ?? ""}`;
const address = (image) => image.src.split("?")[0];
