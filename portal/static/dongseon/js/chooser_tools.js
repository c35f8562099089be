/** The tools that choose cameras on the map: what is drawn, what it would choose, and what it chooses. */
import "/jsi18n/later/";
import { createBoxTool } from "./box.js";
import { combine } from "./cameras.js";
import { h, icon } from "./dom.js";
import { createGroupsPanel } from "./groups_panel.js";
import { createPolygonTool, createRouteTool } from "./outline.js";
import { createRadiusTool } from "./radius.js";
import { countOutside } from "./scope.js";
import { createSketch } from "./sketch.js";

const MODES = [["set", gettext("Only these")], ["add", gettext("Add")], ["remove", gettext("Take away")]];

/**
 * @param {{map: L.Map, cameras: Object, layer: Object, scope: () => Object, buttons: Object, panel: HTMLElement}} options
 *   `buttons` by the kind of tool, and the `panel` beside them: both of chooser.js
 */
export function createTools({ map, cameras, layer, scope, buttons, panel }) {
  const sketch = createSketch(map);
  const options = { onShape: show, onBegin: forget, lastSeen: () => scope().place };
  const tools = {
    radius: createRadiusTool(map, options),
    polygon: createPolygonTool(map, options),
    route: createRouteTool(map, options),
    box: createBoxTool(map, options),
    groups: createGroupsPanel(cameras),
  };
  const modes = modeSegments(() => { if (shape) show({ ...shape, isFinal: true }); });
  const count = h("output", { class: "tool-count" });
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

  function toggle(kind) {
    if (active === kind) return stop();
    if (active) stop();
    active = kind;
    const [tool, name] = [tools[kind], buttons[kind].getAttribute("aria-label")];
    buttons[kind].setAttribute("aria-pressed", "true");
    panel.setAttribute("aria-label", name);
    panel.setAttribute("role", "group");
    const close = h("button", { type: "button", class: "icon-button", title: `${gettext("Close")} (Esc)`, "aria-label": gettext("Close"), onclick: stop }, icon("close"));
    if (kind === "groups") {
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
    const tool = tools[active];
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

  /** What is drawn goes, and what was chosen by it stays. */
  function clear() {
    if (active && active !== "groups") tools[active].clear();
    forget();
    layer.preview(null);
  }

  /** Esc: first what is drawn goes, what was chosen by it stays; then the tool. */
  function escape() {
    const tool = tools[active];
    const wasOpen = shape && !shape.isKept;
    if (!tool.clear()) return stop();
    layer.preview(null);
    forget();
    if (wasOpen) count.replaceChildren(h("span", { class: "hint" }, tool.hint));
    return undefined;
  }

  /** @returns {boolean} whether the key meant something to the tool in use */
  function press({ key, target }) {
    if (!active) return false;
    if (key === "Backspace") return tools[active].takeBack?.() ?? false;
    if (key === "Escape") escape();
    else if (key === "Enter" && !target.closest?.("button, a, summary, [role=listbox]")) tools[active].enter?.();
    else return false;
    return true;
  }

  cameras.changed.on(() => {
    if (isOwn || !shape) return;
    before = new Set(cameras.chosen); // chosen otherwise meanwhile: what is drawn counts from there
    shape.isKept = false;
  });
  return { toggle, stop, clear, press };
}

function modeSegments(onChange) {
  const inputs = MODES.map(([value]) => h("input", { type: "radio", name: "choose-mode", value, checked: value === "set", onchange: onChange }));
  const box = h("div", { class: "segments", role: "radiogroup", "aria-label": gettext("What happens to the choice") },
    ...MODES.map(([, name], at) => h("label", {}, inputs[at], h("span", {}, name))));
  return { box, read: () => inputs.find((input) => input.checked).value };
}
