/** Choosing cameras on the map: the tools, their keys, what each would choose, and the way back. */
import { createBoxTool } from "./box.js";
import { combine } from "./cameras.js";
import { h, icon } from "./dom.js";
import { distance } from "./geometry.js";
import { createGroupsPanel } from "./groups.js";
import { createPolygonTool, createRouteTool } from "./outline.js";
import { isTyping } from "./page.js";
import { createRadiusTool } from "./radius.js";
import { createSketch } from "./sketch.js";
import { toast } from "./toasts.js";

const MODES = [["set", gettext("Only these")], ["add", gettext("Add")], ["remove", gettext("Take away")]];

/**
 * @param {{map: L.Map, cameras: Object, layer: Object, groups: Object, state: Object}} options  `layer` from
 *   camera_layer.js, `state` from state.js: it knows the scope
 */
export function addChooser({ map, cameras, layer, groups, state }) {
  const sketch = createSketch(map);
  const scope = () => state.scope();
  const options = { onShape: show, onBegin: forget, lastSeen: () => scope().place };
  const tools = {
    radius: { name: gettext("Around a point"), code: "KeyR", icon: "radius", tool: createRadiusTool(map, options) },
    polygon: { name: gettext("In a polygon"), code: "KeyP", icon: "polygon", tool: createPolygonTool(map, options) },
    route: { name: gettext("Along a route"), code: "KeyW", icon: "route", tool: createRouteTool(map, options) },
    box: { name: gettext("In a box"), code: "KeyX", icon: "box", tool: createBoxTool(map, options) },
    groups: { name: gettext("Groups"), code: "KeyG", icon: "group", tool: createGroupsPanel({ cameras, groups }) },
  };
  const buttons = Object.fromEntries(Object.entries(tools).map(([key, entry]) => [key, toolButton(entry, () => toggle(key))]));
  const undoButton = toolButton({ name: gettext("Undo the last choice"), code: "KeyZ", icon: "undo" }, undo);
  const modes = modeSegments(() => { if (shape) show({ ...shape, isFinal: true }); });
  const count = h("output", { class: "tool-count" });
  const panel = h("div", { class: "tool-panel", hidden: true });
  const box = h("div", { class: "map-tools" },
    h("div", { class: "tool-bar", role: "toolbar", "aria-label": gettext("Ways to choose cameras"), "aria-orientation": "vertical", onkeydown: roam },
      ...Object.values(buttons), undoButton), panel);
  const lastSeen = L.marker([0, 0], { interactive: false, keyboard: false, zIndexOffset: -500,
    icon: L.divIcon({ className: "last-place", html: h("span", {}, gettext("last seen")), iconSize: [16, 16] }) });
  let active = null;
  let shape = null; // what was drawn last: {contains, place, size, isFinal}
  let before = null; // what was chosen before it
  let isOwn = false;

  /** What a tool drew: shown while it is pulled, chosen when it is let go. */
  function show(drawn) {
    if (!shape) before = new Set(cameras.chosen);
    const isNew = !shape?.isKept;
    shape = { ...drawn, isKept: shape?.isKept || drawn.isFinal };
    const inside = cameras.rows.filter((row) => drawn.contains([row.latitude, row.longitude]));
    const next = combine(before, inside.map((row) => row.id), modes.read());
    say(inside, next, drawn);
    if (!drawn.isFinal) return layer.preview(next);
    isOwn = true;
    cameras.choose(next, { isAmended: !isNew });
    isOwn = false;
    return layer.preview(null);
  }

  function say(inside, next, { place, size }) {
    const text = interpolate(ngettext("%s camera", "%s cameras", inside.length), [inside.length]);
    sketch.say(place, [text, size].filter(Boolean).join(" · "));
    const outside = countOutside(inside, scope());
    count.replaceChildren(h("b", {}, text), modes.read() === "set" ? "" : ` → ${interpolate(gettext("%s chosen"), [next.size])}`,
      outside ? h("span", { class: "bad-text" }, ` · ${interpolate(gettext("%s outside the scope"), [outside])}`) : "");
  }

  function toggle(key) {
    if (active === key) return stop();
    if (active) stop();
    active = key;
    const { tool, name } = tools[key];
    buttons[key].setAttribute("aria-pressed", "true");
    panel.setAttribute("aria-label", name);
    panel.setAttribute("role", "group");
    const close = h("button", { type: "button", class: "icon-button", title: `${gettext("Close")} (Esc)`, "aria-label": gettext("Close"), onclick: stop }, icon("close"));
    if (key === "groups") {
      panel.replaceChildren(h("div", { class: "tool-head" }, h("b", {}, name), h("span", { class: "spacer" }), close), tool.body);
      tool.start();
    } else {
      count.replaceChildren(h("span", { class: "hint" }, tool.hint));
      panel.replaceChildren(h("div", { class: "tool-row" }, modes.box, ...tool.controls(), close), count);
      tool.start(sketch);
      layer.pause(true);
      map.getContainer().classList.add("picking");
    }
    panel.hidden = false;
    return undefined;
  }

  function stop() {
    if (!active) return;
    const { tool } = tools[active];
    buttons[active].setAttribute("aria-pressed", "false");
    tool.clear();
    tool.stop();
    forget();
    active = null;
    panel.hidden = true;
    layer.pause(false);
    layer.preview(null);
    map.getContainer().classList.remove("picking");
  }

  function forget() {
    [shape, before] = [null, null];
  }

  function undo() {
    if (active && active !== "groups") tools[active].tool.clear();
    forget();
    layer.preview(null);
    cameras.undo();
  }

  /** Esc: first what is drawn goes, what was chosen by it stays; then the tool. */
  function escape() {
    const { tool } = tools[active];
    const wasOpen = shape && !shape.isKept;
    if (!tool.clear()) return stop();
    layer.preview(null);
    forget();
    if (wasOpen) count.replaceChildren(h("span", { class: "hint" }, tool.hint));
    return undefined;
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
  function act({ key, code, target }, isUndo) {
    if (isUndo && cameras.canUndo()) undo();
    else if (active && key === "Escape") escape();
    else if (active && key === "Enter" && !target.closest?.("button, a, summary, [role=listbox]")) tools[active].tool.enter?.();
    else if (active && key === "Backspace") return tools[active].tool.takeBack?.() ?? false;
    else {
      const found = Object.keys(tools).find((name) => tools[name].code === code);
      if (!found || buttons[found].disabled) return false;
      toggle(found);
    }
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
    if (!isSearchable) stop();
  }

  cameras.changed.on(() => {
    sync();
    if (isOwn || !shape) return;
    before = new Set(cameras.chosen); // chosen otherwise meanwhile: what is drawn counts from there
    shape.isKept = false;
  });
  state.changed.on(sync);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("cameras:choose", ({ detail }) => chooseFromElsewhere(cameras, detail));
  document.addEventListener("camera:focus", ({ detail }) => layer.focus(detail.camera, { pan: detail.pan ?? true }));
  L.DomEvent.disableScrollPropagation(box);
  L.DomEvent.disableClickPropagation(box);
  map.getContainer().parentElement.append(box);
  sync();
}

function chooseFromElsewhere(cameras, { cameras: ids, mode = "set" }) {
  const last = [...cameras.chosen].join();
  cameras.apply(ids, mode);
  if ([...cameras.chosen].join() === last) return;
  const text = interpolate(ngettext("%s camera is chosen now.", "%s cameras are chosen now.", cameras.chosen.size), [cameras.chosen.size]);
  toast(text, { kind: "choice", action: gettext("Undo"), onAction: cameras.undo });
}

/** How many of the rows lie beyond what the legal basis allows; 0 where it draws no circle. */
export function countOutside(rows, { place, radius }) {
  if (!place || radius === null || radius === undefined) return 0;
  return rows.filter((row) => distance(place, [row.latitude, row.longitude]) > radius).length;
}

function toolButton({ name, code, icon: iconName }, onclick) {
  const key = code.slice(3);
  return h("button", { type: "button", class: "tool-button", title: `${name} (${key})`, "aria-label": name, "aria-keyshortcuts": key, "aria-pressed": "false", onclick },
    icon(iconName), h("kbd", { "aria-hidden": "true" }, key));
}

function modeSegments(onChange) {
  const inputs = MODES.map(([value]) => h("input", { type: "radio", name: "choose-mode", value, checked: value === "set", onchange: onChange }));
  const box = h("div", { class: "segments", role: "radiogroup", "aria-label": gettext("What happens to the choice") },
    ...MODES.map(([, name], at) => h("label", {}, inputs[at], h("span", {}, name))));
  return { box, read: () => inputs.find((input) => input.checked).value };
}
