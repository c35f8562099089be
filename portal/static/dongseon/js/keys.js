/** Keys of the workspace. Letters go by their place (code), so that they work with the Korean keyboard too. */
import { byId } from "./dom.js";

const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };
const TEXT = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";
// These have keys of their own.
const ELSEWHERE = "#map, #video-box, #reason-pop, .path-player";
const CAMERAS = ".map-box, .cameras-block";
const CONTROL = "button, a, summary, input, [role=tab], [role=slider]";

const isBehindDialog = () => Boolean(document.querySelector("dialog[open]:not(#compare-dialog)"));

export function addKeys({ candidates, compare, verbs, searchFrom, path, form }) {
  const all = (row) => candidates.acting(row);
  const open = (row) => all(row).filter((one) => one.decision === "pending");
  const acts = {
    KeyY: (row) => verbs.onConfirm(open(row)),
    KeyN: (row) => open(row).length && verbs.onReject(open(row)),
    KeyU: (row) => verbs.onUndo(all(row)),
    KeyS: (row) => searchFrom(row.sighting),
    KeyV: (row) => compare.openVideo(row),
  };

  /** Keys that work anywhere, whatever is in focus. */
  function pressFree(event) {
    if (event.code === "KeyB") path.build();
    else if (event.code === "KeyC") path.play();
    else if (event.code === "Equal" || event.code === "NumpadAdd") compare.zoom(true);
    else if (event.code === "Minus" || event.code === "NumpadSubtract") compare.zoom(false);
    else if (event.code === "Escape") return candidates.clearMarks();
    else return undefined;
    return event.preventDefault();
  }

  /** G and Ctrl+Z mean cameras too: they belong to whichever of the two was touched last. Asked before anybody else. */
  function pressShared(event) {
    if (isOnCameras || event.isComposing || event.altKey || event.target.closest?.(`${TEXT}, ${ELSEWHERE}`)) return;
    const isUndo = event.code === "KeyZ" && (event.ctrlKey || event.metaKey) && !event.shiftKey && verbs.canUndo();
    const isGroup = event.code === "KeyG" && !event.ctrlKey && !event.metaKey && candidates.state.rows.length > 0;
    if (!(isUndo || isGroup) || isBehindDialog()) return;
    event.preventDefault();
    event.stopPropagation();
    if (isUndo) verbs.undoLast();
    else candidates.cycleGroup();
  }

  let isOnCameras = false;
  for (const name of ["pointerdown", "focusin"]) {
    document.addEventListener(name, ({ target }) => { isOnCameras = Boolean(target.closest?.(CAMERAS)); }, true);
  }
  window.addEventListener("keydown", pressShared, true);
  document.addEventListener("keydown", (event) => {
    const dialog = document.querySelector("dialog[open]");
    const isLarge = dialog === byId("compare-dialog");
    if (event.ctrlKey && event.key === "Enter" && !dialog) return form.start();
    if (event.defaultPrevented || event.isComposing || (dialog && !isLarge)) return undefined;
    if (event.target.closest?.(`${TEXT}, ${ELSEWHERE}`) || event.altKey) return undefined;
    if (event.ctrlKey || event.metaKey) return undefined;
    const isControl = Boolean(event.target.closest?.(CONTROL));
    const way = ARROWS[event.key];
    if (way) {
      if (!isLarge && event.target.closest?.("input, [role=tab], [role=slider], #path-strip")) return undefined;
      event.preventDefault();
      return candidates.move(way, { isMarking: event.shiftKey && !isLarge, focus: !isLarge });
    }
    const row = compare.shown();
    const act = acts[event.code] ?? (isControl ? null : { Space: compare.play, Enter: isLarge ? null : compare.open }[event.code]);
    if (!act || !row) return pressFree(event);
    event.preventDefault();
    if (candidates.acting(row).length === 1) candidates.select(row.id, { focus: !isLarge });
    return act(row);
  });
}
