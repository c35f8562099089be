/** Keys of the workspace. Letters go by their place (code), so that they work with the Korean keyboard too. */
import { isTyping } from "./page.js";

const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function addKeys({ candidates, compare, verbs, searchFrom, path, form }) {
  const acts = {
    KeyY: (row) => row.decision === "pending" && verbs.onConfirm(row),
    KeyN: (row) => row.decision === "pending" && verbs.onReject(row),
    KeyU: (row) => verbs.onUndo(row),
    KeyS: (row) => searchFrom(row.sighting),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter" && !document.querySelector("dialog[open]")) return form.start();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return undefined;
    const isOnMap = Boolean(event.target.closest?.("#map, #path-strip, [type=radio], [type=range]"));
    if (ARROWS[event.key] && !isOnMap) {
      event.preventDefault();
      return candidates.move(ARROWS[event.key]);
    }
    const row = compare.shown();
    if (acts[event.code] && row) {
      event.preventDefault();
      candidates.select(row.id);
      return acts[event.code](row);
    }
    return event.code === "KeyB" ? path.build() : undefined;
  });
}
