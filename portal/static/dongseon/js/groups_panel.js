/** The panel that lists the saved groups of cameras. */
import { h, icon } from "./dom.js";
import { groups } from "./groups.js";
import { toast } from "./toasts.js";

/** A tool of chooser.js without a sketch: `body` is what its panel shows. */
export function createGroupsPanel(cameras) {
  const list = h("ul", { class: "group-list" });
  const name = h("input", { maxlength: 60, required: true, placeholder: gettext("Name of the group"), "aria-label": gettext("Name of the group") });
  const save = h("button", { class: "button small" }, gettext("Save"));
  const note = h("p", { class: "hint" });
  const body = h("div", { class: "tool-groups" }, list, h("form", { class: "group-form", onsubmit: onSave }, name, save), note);

  async function onSave(event) {
    event.preventDefault();
    const called = name.value.trim();
    const old = groups.rows.find((row) => row.name === called);
    if (!called || (old && !confirm(interpolate(gettext("Replace the cameras of “%s” by the chosen ones?"), [called])))) return;
    save.disabled = true;
    const isSaved = await groups.save(called, cameras.chosen);
    if (isSaved) {
      toast(interpolate(gettext("Saved: %s"), [called]), { tone: "success", kind: "group" });
      name.value = "";
    }
    sync();
  }

  function show() {
    if (!groups.isLoaded) return list.replaceChildren(h("li", { class: "skeleton-line" }), h("li", { class: "skeleton-line" }));
    const empty = h("li", { class: "hint" }, gettext("No group yet. Choose cameras, give them a name, and save."));
    return list.replaceChildren(...(groups.rows.length ? groups.rows.map(item) : [empty]));
  }

  function item(group) {
    const button = (title, iconName, onclick) =>
      h("button", { type: "button", class: "icon-button", title, "aria-label": `${title}: ${group.name}`, onclick }, icon(iconName));
    const drop = () => confirm(interpolate(gettext("Delete the group “%s” for the whole centre? Its cameras stay."), [group.name])) && groups.drop(group);
    return h("li", {}, h("button", { type: "button", class: "group-name", title: gettext("Choose only these"), onclick: () => cameras.apply(group.cameras, "set") },
      h("b", {}, group.name), h("span", { class: "count" }, String(group.cameras.length)), h("span", { class: "muted small" }, group.made_by)),
    button(gettext("Add to the choice"), "plus", () => cameras.apply(group.cameras, "add")),
    button(gettext("Take out of the choice"), "minus", () => cameras.apply(group.cameras, "remove")),
    button(gettext("Delete"), "trash", drop));
  }

  function sync() {
    save.disabled = !cameras.chosen.size;
    note.textContent = cameras.chosen.size ? interpolate(ngettext("%s camera is chosen.", "%s cameras are chosen.", cameras.chosen.size), [cameras.chosen.size])
      : gettext("Choose cameras first to save them.");
  }

  groups.changed.on(show);
  cameras.changed.on(sync);
  return {
    body,
    start() {
      show();
      sync();
      groups.load({ isFresh: true }).then(show);
    },
    clear: () => false,
    stop() {},
  };
}
