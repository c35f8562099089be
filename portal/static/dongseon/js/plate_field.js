/** A field for a number plate that says, while somebody types, what would be looked for. */
import { post } from "./api.js";
import { debounce, h, signal } from "./dom.js";

const WAIT_MS = 250;

/**
 * @param {HTMLInputElement} field
 * @param {HTMLElement} hint  a status line; what stands in it at first is shown while nothing is typed
 * @param {{isCompared?: boolean, isWatched?: boolean}} options  whether anything is compared with it, so that it says how;
 *   whether it is for the watch list, not for a search
 * @returns {{changed: Object, read: () => string, problem: () => string, write: (plate: string) => void, settle: () => Promise<void>}}
 *   `settle`: once the portal has said what it makes of what was typed
 */
export function addPlateField(field, hint, { isCompared = true, isWatched = false } = {}) {
  const changed = signal();
  const atFirst = hint.textContent;
  const meanings = new Map(); // what was typed → what the portal makes of it
  let asking = null;
  const read = () => field.value.trim();
  const meaning = () => meanings.get(read());

  /** The portal alone knows how plates are written; without its answer the search itself will say what is wrong. */
  function ask() {
    const typed = read();
    if (!typed || meanings.has(typed)) return asking;
    asking = post("/api/plates/meanings/", { plate: typed, is_watched: isWatched }).then((said) => {
      meanings.set(typed, said);
      show();
      changed.emit();
    }, () => {});
    return asking;
  }

  function show() {
    const said = meaning();
    field.setAttribute("aria-invalid", String(Boolean(said?.problem)));
    hint.classList.toggle("bad-text", Boolean(said?.problem));
    if (!said) return hint.replaceChildren(atFirst);
    if (said.problem) return hint.replaceChildren(said.problem);
    const parts = said.parts.flatMap((part, at) => [at ? " · " : "", h("b", {}, part)]);
    return hint.replaceChildren(...parts, ". ", (isCompared || said.is_odd) && h("span", { class: said.is_odd ? "odd" : "" }, said.note) || "");
  }

  /** Whoever leaves the field finds the plate in its one spelling. */
  async function tidy() {
    const typed = read();
    await ask();
    const said = meanings.get(typed);
    if (!said?.plate || read() !== typed) return;
    meanings.set(said.plate, said);
    field.value = said.plate;
  }

  const askSoon = debounce(ask, WAIT_MS);
  field.addEventListener("input", () => { show(); askSoon(); changed.emit(); });
  field.addEventListener("change", tidy);
  if (read()) tidy();
  return {
    changed, read, settle: async () => { await ask(); },
    problem: () => (read() && meaning()?.problem) || "",
    write(plate) {
      field.value = plate;
      show();
      tidy();
    },
  };
}
