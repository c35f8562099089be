/** Choosing cameras on the map: the bar of tools, their keys, and the way back. The tools themselves come soon after. */
import { h, icon } from "./dom.js";
import { lazily, soon } from "./lazily.js";
import { isTyping } from "./page.js";
import { toast } from "./toasts.js";

const KINDS = {
  radius: { name: gettext("Around a point"), code: "KeyR", icon: "radius" },
  polygon: { name: gettext("In a polygon"), code: "KeyP", icon: "polygon" },
  route: { name: gettext("Along a route"), code: "KeyW", icon: "route" },
  box: { name: gettext("In a box"), code: "KeyX", icon: "box" },
  groups: { name: gettext("Groups"), code: "KeyG", icon: "group" },
};

/**
 * @param {{map: L.Map, cameras: Object, layer: Object, state: Object}} options  `layer` from
 *   camera_layer.js, `state` from state.js: it knows the scope
 */
export function addChooser({ map, cameras, layer, state }) {
  const scope = () => state.scope();
  const buttons = Object.fromEntries(Object.entries(KINDS).map(([kind, entry]) => [kind, toolButton(entry, () => toggle(kind))]));
  const undoButton = toolButton({ name: gettext("Undo the last choice"), code: "KeyZ", icon: "undo" }, undo);
  const panel = h("div", { class: "tool-panel", hidden: true });
  const box = h("div", { class: "map-tools" },
    h("div", { class: "tool-bar", role: "toolbar", "aria-label": gettext("Ways to choose cameras"), "aria-orientation": "vertical", onkeydown: roam },
      ...Object.values(buttons), undoButton), panel);
  const lastSeen = L.marker([0, 0], { interactive: false, keyboard: false, zIndexOffset: -500,
    icon: L.divIcon({ className: "last-place", html: h("span", {}, gettext("last seen")), iconSize: [16, 16] }) });
  const load = soon(() => import("./chooser_tools.js"));
  const tools = lazily(load, (script) => script.createTools({ map, cameras, layer, scope, buttons, panel }));
  let wanted = null; // the kind asked for until its script is there

  /** Asked for once more, it is taken back. */
  function toggle(kind) {
    wanted = wanted === kind ? null : kind;
    tools((made) => {
      if (wanted) made.toggle(wanted);
      wanted = null;
    }).then(takeBack); // nothing may have come
  }

  /** @returns {boolean} whether a tool was awaited */
  function takeBack() {
    const wasWanted = Boolean(wanted);
    wanted = null;
    return wasWanted;
  }

  function undo() {
    tools.made?.clear();
    cameras.undo();
  }

  function onKey(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const isUndo = event.code === "KeyZ" && !event.shiftKey && !event.altKey;
    if (document.querySelector("dialog[open]") || isTyping(event) || event.target.closest?.("#video-box")) return; // has keys of its own
    if ((event.metaKey || event.ctrlKey || event.altKey) && !isUndo) return;
    if (!act(event, isUndo)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @returns {boolean} whether the key meant something here */
  function act(event, isUndo) {
    if (!isUndo || !cameras.canUndo()) return tools.made?.press(event) || (event.key === "Escape" && takeBack()) || switchTo(event.code);
    undo();
    return true;
  }

  function switchTo(code) {
    const found = Object.keys(KINDS).find((kind) => KINDS[kind].code === code);
    if (!found || buttons[found].disabled) return false;
    toggle(found);
    return true;
  }

  /** Arrows go from tool to tool. */
  function roam(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = [...event.currentTarget.querySelectorAll("button:not(:disabled)")];
    if (!step || !all.includes(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  }

  function sync() {
    const { isSearchable, place } = scope();
    if (place) lastSeen.setLatLng(place).addTo(map);
    else lastSeen.remove();
    for (const button of Object.values(buttons)) button.disabled = !isSearchable;
    undoButton.disabled = !isSearchable || !cameras.canUndo();
    if (isSearchable) return;
    takeBack();
    tools.made?.stop();
  }

  cameras.changed.on(sync);
  state.changed.on(sync);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("cameras:choose", ({ detail }) => chooseFromElsewhere(cameras, detail));
  document.addEventListener("camera:focus", ({ detail }) => layer.focus(detail.camera, { pan: detail.pan ?? true }));
  L.DomEvent.disableScrollPropagation(box);
  L.DomEvent.disableClickPropagation(box);
  map.getContainer().parentElement.append(box);
  map.getContainer().addEventListener("pointerenter", () => load().catch(() => {}), { once: true }); // whoever draws comes with the pointer
  sync();
}

function chooseFromElsewhere(cameras, { cameras: ids, mode = "set" }) {
  const last = [...cameras.chosen].join();
  cameras.apply(ids, mode);
  if ([...cameras.chosen].join() === last) return;
  const text = interpolate(ngettext("%s camera is chosen now.", "%s cameras are chosen now.", cameras.chosen.size), [cameras.chosen.size]);
  toast(text, { kind: "choice", action: gettext("Undo"), onAction: cameras.undo });
}

function toolButton({ name, code, icon: iconName }, onclick) {
  const key = code.slice(3);
  return h("button", { type: "button", class: "tool-button", title: `${name} (${key})`, "aria-label": name, "aria-keyshortcuts": key, "aria-pressed": "false", onclick },
    icon(iconName), h("kbd", { "aria-hidden": "true" }, key));
}
