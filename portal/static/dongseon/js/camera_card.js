/** What a camera says of itself when it is asked: its card, and the list of a pole. */
import "/jsi18n/later/";
import { markOf } from "./camera_glyphs.js";
import { stateOf } from "./camera_tip.js";
import { h, icon } from "./dom.js";
import { shortWhen } from "./format.js";
import { groups } from "./groups.js";

const MOST_LISTED = 60;

/** @param {{cameras: Object, canChoose: boolean}} options */
export function cameraCard(row, { cameras, canChoose }) {
  const acts = canChoose ? h("div", { class: "card-acts" }, chooseButton(row, cameras), row.recorded_from && playButton(row)) : null;
  return h("div", { class: "camera-card" },
    h("b", {}, row.name), h("span", { class: "muted" }, row.code, row.address && ` · ${row.address}`),
    h("span", { class: `card-state ${markOf(row)}` }, statusText(row)),
    row.recorded_from && h("span", { class: "card-span" }, `${shortWhen(row.recorded_from)} – ${shortWhen(row.recorded_until)}`),
    acts, canChoose && groupList(row));
}

function statusText(row) {
  return stateOf(row) || gettext("recorded");
}

function chooseButton(row, cameras) {
  const button = h("button", { type: "button", class: "button small", onclick: () => { cameras.toggle(row.id); show(); } });
  const show = () => {
    const isChosen = cameras.chosen.has(row.id);
    button.replaceChildren(icon(isChosen ? "check" : "plus"), isChosen ? gettext("Chosen") : gettext("Choose"));
    button.setAttribute("aria-pressed", String(isChosen));
  };
  show();
  return button;
}

function playButton(row) {
  const detail = { camera: row.id, at: null, play: true };
  const open = () => document.dispatchEvent(new CustomEvent("footage:open", { detail }));
  return h("button", { type: "button", class: "button small", onclick: open }, icon("play"), gettext("Play"));
}

function groupList(row) {
  const body = h("div", { class: "card-groups" });
  const show = () => body.replaceChildren(...(groups.rows.length ? groups.rows.map((group) => groupCheck(row, group))
    : [h("span", { class: "hint" }, gettext("No group yet. Choose cameras and save them as a group."))]));
  return h("details", { ontoggle: () => groups.load().then(show) }, h("summary", {}, gettext("Groups")), body);
}

function groupCheck(row, group) {
  const box = h("input", { type: "checkbox", checked: group.cameras.includes(row.id) });
  box.addEventListener("change", async () => {
    const others = group.cameras.filter((id) => id !== row.id);
    box.disabled = true;
    const isSaved = await groups.save(group.name, box.checked ? [...others, row.id] : others);
    if (!isSaved) box.checked = !box.checked;
    box.disabled = false;
  });
  return h("label", { class: "check" }, box, group.name);
}

/** The cameras of one place, each to be chosen or looked at. */
export function listCard(rows, { cameras, canChoose, onPick }) {
  const list = h("ul", { class: "card-list" }, ...rows.slice(0, MOST_LISTED).map((row) => {
    const check = canChoose && h("input", { type: "checkbox", checked: cameras.chosen.has(row.id), onchange: () => cameras.toggle(row.id) });
    const name = h("span", { class: "camera-name" }, row.name, h("span", { class: "muted small" }, ` ${row.code}`));
    const tools = canChoose && row.recorded_from && playButton(row);
    if (onPick) return h("li", {}, h("button", { type: "button", class: "button small quiet", onclick: () => onPick(row) }, name));
    return h("li", { title: stateOf(row) || row.address }, h("label", { class: "check" }, check, name), tools);
  }));
  const rest = rows.length - MOST_LISTED;
  return h("div", { class: "camera-card" }, h("b", {}, interpolate(ngettext("%s camera here", "%s cameras here", rows.length), [rows.length])),
    list, rest > 0 && h("span", { class: "hint" }, interpolate(gettext("and %s more"), [rest])));
}
