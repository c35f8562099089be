/** What a witness said: words chosen or typed, and a number plate. A memory aid: the ranking goes by pictures alone. */
import { byId, h, icon, readData, signal } from "./dom.js";

const MOST_WORDS = 12;
// A Korean plate, with ? for what nobody saw: 12가3456, 123가3456, 서울12가3456.
const USUAL = /^(\p{sc=Hangul}{2})?[\d?]{2,3}[\p{sc=Hangul}?][\d?]{4}$/u;

/** @returns {{fill: (form: FormData) => void, restore: (search: Object) => void, problem: () => string, words: () => string[], changed: Object}} */
export function addDescription() {
  const changed = signal();
  const plate = byId("plate");
  const plateHint = byId("plate-hint")?.textContent;
  let words = [];

  function write(next) {
    words = [...new Set(next)].slice(0, MOST_WORDS);
    byId("describe-chips").replaceChildren(...words.map(chip));
    for (const button of byId("describe-groups").querySelectorAll("[data-word]")) {
      const isOn = words.includes(button.dataset.word);
      button.setAttribute("aria-pressed", String(isOn));
      button.disabled = !isOn && words.length >= MOST_WORDS;
    }
    byId("describe-count").textContent = interpolate(gettext("%s of %s"), [words.length, MOST_WORDS]);
    changed.emit();
  }

  function chip(word) {
    const label = interpolate(gettext("Remove %s"), [word]);
    const remove = () => {
      write(words.filter((other) => other !== word));
      byId("describe-text").focus();
    };
    return h("li", {}, h("button", { type: "button", class: "chip word", title: label, "aria-label": label, onclick: remove }, word, icon("close")));
  }

  function addTyped() {
    const field = byId("describe-text");
    const typed = field.value.split(",").map((word) => word.trim().replace(/\s+/g, " ")).filter(Boolean);
    if (words.length + typed.length > MOST_WORDS) return;
    write([...words, ...typed]);
    field.value = "";
  }

  /** As it is compared: without gaps, in plain digits and capitals; ? and * as typed. */
  const readPlate = () => plate?.value.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase() ?? "";

  function problem() {
    return /^[\p{L}\p{N}?*]*$/u.test(readPlate()) ? "" : gettext("The number plate has signs that no plate has.");
  }

  function checkPlate() {
    const value = readPlate();
    const isOdd = value && !value.includes("*") && !USUAL.test(value);
    byId("plate-hint").textContent = problem() || (isOdd ? gettext("Unlike a Korean number plate; it is kept as typed.") : plateHint);
    byId("plate-hint").classList.toggle("bad-text", Boolean(problem()));
    plate.setAttribute("aria-invalid", String(Boolean(problem())));
  }

  byId("describe-text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
    event.preventDefault();
    addTyped();
  });
  byId("describe-text").addEventListener("change", addTyped);
  byId("describe-open").addEventListener("click", () => byId("describe-dialog").showModal());
  byId("describe-groups").addEventListener("click", ({ target }) => {
    const word = target.closest("[data-word]")?.dataset.word;
    if (word) write(words.includes(word) ? words.filter((other) => other !== word) : [...words, word]);
  });
  plate?.addEventListener("change", () => { plate.value = readPlate(); checkPlate(); changed.emit(); });
  plate?.addEventListener("input", () => { checkPlate(); changed.emit(); });

  /** What an earlier search had; where it had nothing, what stands there stays. */
  function restore({ description, plate: value }) {
    if (description?.length) write(description);
    if (!plate || !value) return;
    plate.value = value;
    plate.value = readPlate();
    checkPlate();
  }

  write([]);
  const known = readData("known-words");
  restore({ description: known.words, plate: known.plate });
  return {
    changed, restore, problem, words: () => [...words],
    fill(form) {
      addTyped();
      form.append("description", JSON.stringify(words));
      form.append("plate", readPlate());
    },
  };
}
