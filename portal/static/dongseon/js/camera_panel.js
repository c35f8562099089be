/** The panel of the cameras' page: all that is known of one camera, or how all of them are doing. */
import { get } from "./api.js";
import { createDial, directionText } from "./camera_dial.js";
import { isVague, statusName, STATUSES } from "./camera_page_list.js";
import { byId, h, icon } from "./dom.js";
import { clock, day, shortWhen } from "./format.js";

/** Names of what is known of a camera. A function, so that each text is found by makemessages. */
export function fieldNames() {
  return {
    code: gettext("Management number"), name: gettext("Name"), address: gettext("Address"), latitude: gettext("Latitude"),
    longitude: gettext("Longitude"), bearing_deg: gettext("Direction"), field_of_view_deg: gettext("Field of view"), status: gettext("Status"),
    purpose: gettext("Purpose"), pole: gettext("Pole"), direction: gettext("Direction as listed"), megapixels: gettext("Megapixels"),
    installed_on: gettext("Installed"), phone: gettext("Telephone"), retention_days: gettext("Days kept"), centre: gettext("Control centre"),
  };
}

/**
 * @param {Object} store  rows of the list
 * @param {Object} data   what the person may do
 * @param {{onOpen, onClose, onEdit, onMove, onStatus, onFilter}} acts
 */
export function createPanel(store, data, acts) {
  const panel = byId("camera-panel");
  let shownUrl = null;

  function put(...children) {
    if (shownUrl) URL.revokeObjectURL(shownUrl);
    shownUrl = null;
    panel.scrollTop = 0;
    panel.replaceChildren(...children.filter(Boolean));
  }

  function overview() {
    const rows = store.known;
    const count = (test) => rows.filter(test).length;
    const line = (label, number, filter) => h("li", {}, h("button", { type: "button", disabled: !number, onclick: () => acts.onFilter(filter) },
      h("span", {}, label), h("b", {}, number.toLocaleString())));
    put(h("h2", {}, gettext("All cameras")),
      h("ul", { class: "camera-sums" },
        line(gettext("all"), rows.length, {}),
        ...STATUSES.map((status) => line(statusName(status), count((row) => row.status === status), { status })),
        data.showsRecordings && line(gettext("with recordings"), count((row) => row.recorded_from), { recorded: true }),
        line(gettext("no place or direction"), count(isVague), { vague: true })),
      h("p", { class: "hint" }, gettext("Choose a camera in the list or on the map to see all that is known of it.")));
  }

  function loading(row) {
    put(row ? head(row) : h("h2", {}, gettext("Loading…")), ...Array.from({ length: 7 }, () => h("div", { class: "skeleton-line" })));
  }

  function failed(message, onAgain) {
    put(h("p", { class: "notice bad", role: "alert" }, message), h("div", { class: "form-end" },
      onAgain && h("button", { type: "button", class: "button", onclick: onAgain }, gettext("Try again")),
      h("button", { type: "button", class: "button quiet", onclick: acts.onClose }, gettext("Close"))));
  }

  function show(camera) {
    put(head(camera), data.canManage && tools(camera), direction(camera), facts(camera), mates(camera), groups(camera), recordings(camera), history(camera));
  }

  function head(row) {
    return h("div", { class: "camera-head" },
      h("div", {}, h("h2", { id: "camera-title", tabindex: -1 }, row.name), h("p", { class: "muted small" }, row.code)),
      h("span", { class: `camera-state ${row.status}` }, statusName(row.status)),
      h("button", { type: "button", class: "icon-button", "aria-label": gettext("Close"), title: `${gettext("Close")} (Esc)`, onclick: acts.onClose }, icon("close")));
  }

  function tools(camera) {
    const tool = (name, label, act) => h("button", { type: "button", class: "button small", onclick: () => act(camera) }, icon(name), label);
    return h("div", { class: "camera-tools-row" }, tool("pencil", gettext("Edit"), acts.onEdit), tool("move", gettext("Move"), acts.onMove),
      tool("wrench", gettext("Status"), acts.onStatus), h("p", { class: "hint" }, gettext("To move it, its marker can be dragged on the map.")));
  }

  function direction(camera) {
    const dial = createDial();
    dial.show(camera.bearing_deg, camera.field_of_view_deg);
    const isRound = camera.field_of_view_deg >= 360;
    return h("section", { class: "camera-direction" }, dial.element, h("dl", { class: "camera-facts" },
      h("dt", {}, gettext("Direction")), h("dd", {}, isRound ? gettext("all around") : directionText(camera.bearing_deg)),
      h("dt", {}, gettext("Field of view")), h("dd", {}, `${Math.round(camera.field_of_view_deg)}°`),
      camera.direction && h("dt", {}, gettext("As listed")), camera.direction && h("dd", {}, camera.direction)));
  }

  function facts(camera) {
    const name = fieldNames();
    const rows = [
      [name.address, camera.address], [gettext("Place"), `${camera.latitude.toFixed(6)}, ${camera.longitude.toFixed(6)}`], [name.purpose, camera.purpose],
      [name.pole, camera.pole], [name.megapixels, camera.megapixels], [name.installed_on, camera.installed_on], [name.phone, camera.phone],
      [name.centre, camera.centre],
    ];
    return h("dl", { class: "camera-facts" }, ...rows.flatMap(([label, value]) => [h("dt", {}, label),
      h("dd", { class: value ? "" : "muted" }, value ? String(value) : gettext("not known"))]));
  }

  function mates(camera) {
    const others = camera.pole ? store.known.filter((row) => row.pole === camera.pole && row.id !== camera.id) : [];
    if (!others.length) return null;
    return h("section", {}, h("h3", {}, gettext("On the same pole")), h("ul", { class: "camera-mates" }, ...others.map((row) => h("li", {},
      h("button", { type: "button", class: "chip", onclick: () => acts.onOpen(row.id), title: row.name }, row.code,
        h("span", { class: "muted" }, row.bearing_deg === null ? "" : ` ${Math.round(row.bearing_deg)}°`))))));
  }

  function groups(camera) {
    if (!camera.groups.length) return null;
    return h("section", {}, h("h3", {}, gettext("Groups")), h("ul", { class: "camera-mates" },
      ...camera.groups.map((group) => h("li", { class: "camera-group" }, group.name))));
  }

  function recordings(camera) {
    if (camera.recordings === null) return null;
    const last = camera.last_recording;
    return h("section", {}, h("h3", {}, gettext("Recordings")),
      h("dl", { class: "camera-facts" },
        h("dt", {}, gettext("Stored")), h("dd", {}, interpolate(ngettext("%s recording", "%s recordings", camera.recordings), [camera.recordings.toLocaleString()])),
        h("dt", {}, gettext("Last")), h("dd", {}, last ? span(last) : gettext("no recording")),
        h("dt", {}, gettext("Kept for")), h("dd", {}, interpolate(ngettext("%s day", "%s days", camera.retention_days), [camera.retention_days]))),
      data.canWatch && last && snapshot(camera));
  }

  function span({ started_at: from, ends_at: until }) {
    return h("time", { datetime: from }, `${day(from)} ${clock(from)} – ${day(from) === day(until) ? clock(until) : shortWhen(until)}`);
  }

  function snapshot(camera) {
    const button = h("button", { type: "button", class: "button small" }, icon("picture"), gettext("Show picture"));
    const words = h("p", { class: "hint", role: "status" }, gettext("The last picture recorded. The look is kept in the audit trail."));
    const stage = h("div", { class: "camera-stage" }, button);
    button.addEventListener("click", async () => {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
      try {
        const { url, at } = await fetchPicture(camera.id);
        if (!stage.isConnected) return;
        shownUrl = url;
        const when = `${day(at)} ${clock(at)}`;
        stage.replaceChildren(h("img", { src: url, alt: interpolate(gettext("What %s saw on %s"), [camera.name, when]) }));
        words.textContent = when;
      } catch (error) {
        words.className = "hint bad-text";
        words.textContent = error.message;
        button.disabled = false;
        button.removeAttribute("aria-busy");
      }
    });
    return h("div", { class: "camera-snapshot" }, stage, words);
  }

  function history(camera) {
    if (!data.canAudit) return null;
    const body = h("ol", { class: "camera-history" }, h("li", { class: "skeleton-line" }));
    const box = h("details", { class: "about", id: "camera-history", "data-camera": camera.id }, h("summary", {}, h("span", {}, gettext("Changes"))), body);
    box.addEventListener("toggle", async () => {
      if (!box.open) return;
      try {
        const { results } = await get(`/api/cameras/${camera.id}/history/?limit=50`);
        body.replaceChildren(...(results.length ? results.map(entryItem) : [h("li", { class: "hint" }, gettext("Nothing was changed since it was registered."))]));
      } catch (error) {
        body.replaceChildren(h("li", { class: "bad-text" }, error.message));
      }
    });
    // Drawn anew after a change, it stays as somebody left it.
    const before = byId("camera-history");
    box.open = Boolean(before?.open) && before.dataset.camera === String(camera.id);
    return box;
  }

  return { overview, loading, failed, show, put };
}

function entryItem({ at, action, actor_name: actor, reason, details }) {
  const names = { "camera.added": gettext("added"), "camera.moved": gettext("moved"), "camera.changed": gettext("changed") };
  return h("li", {}, h("p", {}, h("b", {}, names[action]), ` · ${actor}`), h("p", { class: "muted small" }, h("time", { datetime: at }, `${day(at)} ${clock(at)}`)),
    reason && h("p", {}, `“${reason}”`), ...changesOf(action, details).map((text) => h("p", { class: "small" }, text)));
}

/** "Name: North gate → South gate" */
function changesOf(action, details) {
  const names = fieldNames();
  const lines = [];
  if (action === "camera.added") return lines;
  if (action === "camera.moved" && details.old) lines.push(`${details.old.join(", ")} → ${details.new.join(", ")} (${details.distance_m} m)`);
  for (const [name, value] of Object.entries(details)) {
    if (value && typeof value === "object" && "new" in value) lines.push(`${names[name] ?? name}: ${shown(name, value.old)} → ${shown(name, value.new)}`);
  }
  return lines;
}

function shown(name, value) {
  if (value === null || value === "") return gettext("not known");
  return name === "status" ? statusName(value) : String(value);
}

async function fetchPicture(id) {
  const failure = new Error(gettext("The picture cannot be shown. Try again."));
  const answer = await fetch(`/cameras/${id}/snapshot.jpg`, { credentials: "same-origin" }).catch(() => { throw failure; });
  if (!answer.ok) {
    const said = (answer.headers.get("content-type") ?? "").includes("json") ? await answer.json() : null;
    throw said?.detail ? new Error(said.detail) : failure;
  }
  return { url: URL.createObjectURL(await answer.blob()), at: answer.headers.get("X-Taken-At") };
}
