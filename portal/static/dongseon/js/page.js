/** What every page needs: theme, help, notices, small forms that send themselves. */
import "./deadlines.js";
import { byId, signal } from "./dom.js";
import { addTimeField } from "./time_field.js";
import { leaveAfter } from "./toasts.js";

export const themeChanged = signal();
const THEMES = ["auto", "light", "dark"];

function themeNow() {
  return document.documentElement.dataset.theme ?? "auto";
}

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("dongseon.theme", theme);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
  showTheme();
  themeChanged.emit();
}

function showTheme() {
  const button = byId("theme-toggle");
  const names = { auto: gettext("as the system"), light: gettext("light"), dark: gettext("dark") };
  const use = button.querySelector("use");
  use.setAttribute("href", `#icon-${{ auto: "auto", light: "sun", dark: "moon" }[themeNow()]}`);
  const label = `${gettext("Theme")}: ${names[themeNow()]}`;
  button.title = label;
  button.setAttribute("aria-label", label);
}

/** True while a key press means text, or belongs to an open dialog. */
export function isTyping(event) {
  const field = event.target.closest?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]");
  return Boolean(field) || Boolean(document.querySelector("dialog[open]"));
}

function openHelp() {
  if (!byId("help").open) byId("help").showModal();
}

function start() {
  showTheme();
  byId("theme-toggle").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themeChanged.emit());
  byId("help-open").addEventListener("click", openHelp);
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && !isTyping(event)) openHelp();
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    // A click on the dialog element itself is one on its backdrop.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
  for (const box of document.querySelectorAll("[data-page-toast]")) {
    box.querySelector("button").addEventListener("click", () => box.remove());
    if (!box.classList.contains("error")) leaveAfter(box, 8000); // what went wrong stays until it is read
  }
  for (const field of document.querySelectorAll("input[data-time]")) addTimeField(field);
  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-confirm]");
    if (asked && !confirm(asked.dataset.confirm)) event.preventDefault();
  });
  for (const field of document.querySelectorAll("[data-autosubmit]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
}

start();
