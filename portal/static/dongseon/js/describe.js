/** What a witness said: words chosen or typed, and a number plate. What the models understand of it is searched for. */
import { get } from "./api.js";
import { byId, h, icon, readData, signal } from "./dom.js";

// Of no use where a person is looked for.
const { addPlateField } = byId("plate") ? await import("./plate_field.js") : {};
const MOST_WORDS = 12;

/**
 * @param {string} kind  of what is looked for: person or vehicle
 * @returns {{fill: (form: FormData) => void, restore: (search: Object) => void, problem: () => string, hasTerms: () => boolean,
 *   settle: () => Promise<void>, changed: Object}}  `hasTerms`: words or plate alone can be searched by; `settle`: once what was typed is understood
 */
export function addDescription(kind) {
  const changed = signal();
  const meanings = new Map(); // word → the terms that the model knows of it
  const required = new Set(); // words that must be so
  let [wanted, reading] = [[], null];
  const isCompared = byId("plate")?.dataset.compared === "yes";
  const plate = byId("plate") && addPlateField(byId("plate"), byId("plate-hint"), { isCompared });
  const hasDescriber = byId("describe-chips").dataset.describer === "yes";
  let words = [];

  function write(next) {
    words = [...new Set(next)].slice(0, MOST_WORDS);
    for (const word of required) if (!words.includes(word)) required.delete(word);
    show();
    for (const button of byId("describe-groups").querySelectorAll("[data-word]")) {
      const isOn = words.includes(button.dataset.word);
      button.setAttribute("aria-pressed", String(isOn));
      button.disabled = !isOn && words.length >= MOST_WORDS;
    }
    byId("describe-count").textContent = interpolate(gettext("%s of %s"), [words.length, MOST_WORDS]);
    read();
    changed.emit();
  }

  /** Ask what the models understand of the words that are new here. */
  function read() {
    const fresh = words.filter((word) => !meanings.has(word));
    if (!fresh.length || !hasDescriber) return;
    for (const word of fresh) meanings.set(word, null);
    reading = Promise.all([reading, get(`/api/words/?kind=${kind}&words=${encodeURIComponent(JSON.stringify(fresh))}`).then((rows) => {
      for (const { word, terms } of rows) take(word, terms);
    }, () => fresh.forEach((word) => meanings.delete(word)))]).then(() => { show(); changed.emit(); });
  }

  function take(word, terms) {
    meanings.set(word, terms);
    const isRequired = terms.some(({ attribute, value }) => wanted.some((one) => one.required && one.attribute === attribute && one.value === value));
    if (isRequired && words.includes(word)) required.add(word);
  }

  const isSearchable = (word) => Boolean(meanings.get(word)?.length);

  /** Chips that stay as they are are left alone: one may be in focus, or just being pressed. */
  function show() {
    const list = byId("describe-chips");
    const before = new Map([...list.children].map((element) => [element.dataset.key, element]));
    const wanted = words.map((word) => before.get(keyOf(word)) ?? chip(word));
    for (const element of before.values()) if (!wanted.includes(element)) element.remove();
    wanted.forEach((element, at) => element !== list.children[at] && list.insertBefore(element, list.children[at] ?? null));
    wanted.forEach((element, at) => element.querySelector(".word-must")?.setAttribute("aria-pressed", required.has(words[at])));
  }

  const keyOf = (word) => JSON.stringify([word, meanings.get(word)]);

  function chip(word) {
    const remove = () => {
      write(words.filter((other) => other !== word));
      byId("describe-text").focus();
    };
    const terms = meanings.get(word);
    const about = terms === null ? "" : terms?.length ? interpolate(gettext("Looked for: %s"), [terms.map(({ text }) => text).join(", ")])
      : gettext("Reminder only: no model looks for it.");
    const label = interpolate(gettext("Remove %s"), [word]);
    return h("li", { class: `chip word ${isSearchable(word) ? "" : "reminder"}`, title: about, "aria-label": `${word}. ${about}`, dataset: { key: keyOf(word) } },
      isSearchable(word) && icon("search"), h("span", {}, word),
      isSearchable(word) ? must(word) : terms !== null && h("small", {}, gettext("reminder")),
      h("button", { type: "button", class: "word-remove", title: label, "aria-label": label, onclick: remove }, icon("close")));
  }

  /** A wish adds to the odds; what must be so leaves out everybody of whom the model says otherwise. */
  function must(word) {
    const onclick = () => {
      if (!required.delete(word)) required.add(word);
      show();
      changed.emit();
    };
    const title = gettext("Pressed, it leaves out candidates that the model sees differently. Otherwise it is a wish.");
    return h("button", { type: "button", class: "word-must", onclick, title, "aria-label": interpolate(gettext("“%s” must be so"), [word]) }, gettext("must"));
  }

  function addTyped() {
    const field = byId("describe-text");
    const typed = field.value.split(",").map((word) => word.trim().replace(/\s+/g, " ")).filter(Boolean);
    if (words.length + typed.length > MOST_WORDS) return;
    write([...words, ...typed]);
    field.value = "";
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
  plate?.changed.on(changed.emit);

  /** All that a search asked for, and nothing else: what it left out is gone. */
  function restore({ description, plate: value, wanted: terms = [] }) {
    wanted = terms;
    required.clear();
    write(description);
    for (const word of words) if (isSearchable(word)) take(word, meanings.get(word));
    show();
    plate?.write(value);
  }

  const known = readData("known-words");
  restore({ description: known.words, plate: known.plate });
  return {
    changed, restore, canRead: hasDescriber || isCompared,
    problem: () => plate?.problem() ?? "",
    hasTerms: () => words.some(isSearchable) || (isCompared && Boolean(plate.read())),
    settle: () => { addTyped(); return Promise.all([reading, plate?.settle()]); },
    fill(form) {
      form.append("description", JSON.stringify(words));
      form.append("required", JSON.stringify(words.filter((word) => required.has(word) && isSearchable(word))));
      form.append("plate", plate?.read() ?? "");
    },
  };
}
