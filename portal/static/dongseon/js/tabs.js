/** The tabs of the left panel: one pane at a time; an address that ends in #talk or the like opens its pane. */
import { byId } from "./dom.js";

const PANES = { "#talk": "talk", "#answers": "request", "#packages": "request", "#request": "request" };

/** @returns {{show: (name: string) => void}} */
export function addTabs() {
  const tabs = [...document.querySelectorAll("[role=tab]")];

  function show(name) {
    for (const tab of tabs) {
      const isShown = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(isShown));
      tab.tabIndex = isShown ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = !isShown;
    }
    for (const box of document.querySelectorAll("[data-pane]")) box.hidden = byId(box.dataset.pane).hidden;
  }

  function move(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // arrows also move between candidates
    const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  for (const tab of tabs) {
    tab.addEventListener("click", () => show(tab.id.replace("tab-", "")));
    tab.addEventListener("keydown", move);
  }
  show(PANES[location.hash] ?? tabs.find((tab) => tab.getAttribute("aria-selected") === "true").id.replace("tab-", ""));
  return { show };
}
