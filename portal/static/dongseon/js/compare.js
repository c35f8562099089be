/** The candidate in focus, beside the picture that is looked for: in the panel, and larger in a dialog that comes with its first use. */
import { post } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { elsewhereText, isSimilarity, scoreText, secondText } from "./candidate_card.js";
import { timeElement } from "./format.js";
import { lazily, soon } from "./lazily.js";
import { readLooks } from "./looks.js";
import { createPair } from "./pair.js";
import { plateLine } from "./plates.js";
import { bestPicture, conflictText, fromLastSeen } from "./reasons.js";
import { errorToast } from "./toasts.js";

/**
 * @param {{query: Object, candidates: Object, verbs: Object, search: () => Object, onSearchFrom: (sighting: Object) => void}} options
 */
export function addCompare({ query, candidates, verbs, search, onSearchFrom }) {
  const dialog = byId("compare-dialog");
  const frames = new Map();
  const panes = [];
  const small = addPane(byId("compare"), { isOpen: () => true, plate: (row) => plateLine(row, asked()) });
  const large = lazily(soon(() => import("./compare_large.js")), (script) => script.addLarge({ dialog, addPane, candidates, search, asked, shown, show }));
  let hovered = null;

  /** The candidate that is shown large: the one that keys act on. */
  const shown = () => (hovered && candidates.current(hovered.id)) ?? candidates.selectedRow;
  const show = () => panes.forEach((one) => one.isOpen() && one.show());

  /** `plate` makes both plates, `more` what only the large pane says between the facts and the buttons, `sought` the plate in place of a picture. */
  function addPane(box, { isOpen, plate, more = null, sought = () => asked() }) {
    const pair = createPair();
    const choices = h("div", { class: "query-choices", role: "group", "aria-label": gettext("Query picture") });
    const views = h("div", { class: "segments found-views", role: "group", "aria-label": gettext("View of the candidate") });
    const aside = h("div", { class: "compare-about" });
    const words = h("div", { class: "looked-words" }); // where no picture says whom
    pair.left.element.append(words, choices);
    pair.right.element.append(views);
    let [id, chosen, view, signature] = [null, null, "picture", ""];

    function showRow(row) {
      if (row.id !== id) [id, chosen, view] = [row.id, null, "picture"];
      const items = query.items.filter((item) => item.url);
      const number = Math.min(items.length, chosen ?? bestPicture(row));
      const key = JSON.stringify([row.id, row.decision, row.second, row.reason, row.elsewhere, row.rank, row.conflict, row.isGone, row.odds, row.looksKey, row.plate_match, number, view,
        items.map((item) => [item.url, item.box]), candidates.state.rows.length, search()?.compared]);
      if (key === signature) return;
      signature = key;
      const item = items[number - 1];
      pair.left.show({ url: item?.url, box: item?.box, label: item?.kind === "against" ? gettext("Rejected before") : gettext("Target") });
      words.replaceChildren(...(item ? [] : [sought(row), (search()?.description ?? []).join("\n")]).filter(Boolean).map((part) => h("div", {}, part)));
      showFound(row);
      choices.replaceChildren(...(items.length > 1 ? items.map((_item, at) => chip(String(at + 1), at + 1 === number,
        () => { chosen = at + 1; showRow(row); }, gettext("Query picture %s"))) : []));
      views.replaceChildren(...[["picture", gettext("picture")], ["frame", gettext("frame")], row.clip && ["clip", gettext("clip")]]
        .filter(Boolean).map(([name, label]) => chip(label, name === view, () => { view = name; showRow(row); })));
      aside.dataset.decision = row.decision;
      aside.replaceChildren(...about(row, plate, more));
    }

    async function showFound(row) {
      const label = interpolate(gettext("Candidate %s"), [row.rank]);
      if (candidates.clip.isIn(pair.right.inner)) candidates.clip.stop();
      pair.right.show({ url: row.sighting.picture, label });
      if (view === "clip") candidates.clip.play(pair.right.inner, row.clip);
      if (view !== "frame") return;
      try {
        const url = frames.get(row.id) ?? await frameUrl(row);
        frames.set(row.id, url);
        if (row.id === id && view === "frame") pair.right.show({ url, label: row.sighting.camera_name, box: row.box, isWhole: true });
      } catch (error) {
        errorToast(error);
      }
    }

    const pane = {
      pair,
      isOpen,
      box: pair.right.inner,
      show: () => {
        const row = shown();
        if (!row) { id = null; signature = ""; return box.replaceChildren(nothing(query.items[0], search())); }
        if (!box.contains(aside)) box.replaceChildren(pair.left.element, pair.right.element, aside);
        return showRow(row);
      },
    };
    panes.push(pane);
    return pane;
  }

  /** The whole frame as it was recorded: a look into footage, accounted for as one. */
  async function frameUrl(row) {
    const footage = await post("/api/footage/", { request: search().request, recording: row.recording, at_s: row.at_s });
    return footage.frame.replace("{at_s}", row.at_s).replace("%7Bat_s%7D", row.at_s);
  }

  /** The plate that the search compares; of who looks for a person it is a reminder. */
  const asked = () => (search()?.kind === "vehicle" ? search().plate : "");

  function about(row, plate, more) {
    const { sighting } = row;
    readLooks(row, search()?.wanted ?? []);
    const impossible = conflictText(row);
    return [
      h("p", { class: "compare-score" }, h("b", {}, scoreText(row)), isSimilarity(row) && h("span", { class: "muted small" }, gettext("similarity"))),
      row.sighting.kind === "vehicle" && plate(row),
      h("p", { class: "compare-where" }, h("b", { title: sighting.camera_name }, sighting.camera_name), h("span", { class: "muted small" }, sighting.camera_code)),
      h("p", {}, timeElement(sighting.seen_at)),
      h("p", { class: "muted small", title: gettext("from where last seen") }, fromLastSeen(row)),
      h("p", { class: "compare-state" }, stateText(row)),
      row.elsewhere && h("p", { class: "compare-elsewhere muted small", title: elsewhereText(row) }, elsewhereText(row)),
      impossible && h("p", { class: "impossible", title: impossible }, icon("warning"), h("span", {}, more ? impossible : gettext("impossible in this time"))),
      ...(more ? more(row) : []),
      h("div", { class: "compare-verbs" },
        row.decision === "pending" && verb("confirm-large", gettext("Confirm"), "Y", "check", () => verbs.onConfirm(row)),
        row.decision === "pending" && verb("reject-large", gettext("Reject"), "N", "close", (event) => verbs.onReject(row, event.currentTarget)),
        isDecided(row) && verb("", gettext("Take back"), "U", "undo", () => verbs.onUndo(row)),
        verb("quiet", gettext("Search from this"), "S", "target", () => onSearchFrom(sighting)),
        verb("quiet", gettext("Open in video"), "V", "camera", () => openVideo(row)),
        !more && verb("quiet", gettext("Why this one"), "↵", "fit", open)),
    ].filter(Boolean);
  }

  function openVideo(row) {
    if (dialog.open) dialog.close();
    candidates.clip.stop();
    document.dispatchEvent(new CustomEvent("footage:open", { detail: { camera: row.sighting.camera, at: row.sighting.seen_at } }));
  }

  const open = () => large((made) => made.open());
  const inSight = () => (dialog.open ? large.made.pane : small);

  query.changed.on(show);
  // A selection made by key or by the script is what counts until the pointer really moves again.
  candidates.selected.on(() => { hovered = null; show(); });
  candidates.hovered.on((row) => {
    if (row === hovered) return;
    hovered = row;
    show();
  });
  return { show, shown, open, openVideo, zoom: (isIn) => inSight().pair.zoom(isIn),
    play: (row) => (dialog.open ? candidates.clip.toggle(inSight().box, row.clip) : candidates.play(row)) };
}

function chip(label, isOn, onclick, name = "%s") {
  return h("button", { type: "button", "aria-pressed": String(isOn), "aria-label": interpolate(name, [label]), onclick }, label);
}

function verb(className, label, key, iconName, onclick) {
  return h("button", { type: "button", class: `button small ${className}`, title: label, onclick }, icon(iconName), h("span", {}, label), h("kbd", {}, key));
}

function nothing(item, search) {
  const pair = createPair();
  if (item?.url) pair.left.show({ url: item.url, box: item.box, label: gettext("Target") });
  return h("div", { class: "compare-nothing" }, item?.url && pair.left.element,
    h("p", { class: "muted" }, search ? gettext("No candidate to compare.") : item ? gettext("The selected candidate is shown here, beside the target.")
      : byId("plate") ? gettext("Add a picture or a number plate on the left to begin.") : gettext("Add a picture on the left to begin.")));
}

const isDecided = (row) => row.decision === "confirmed" || row.decision === "rejected";

function stateText(row) {
  const second = secondText(row.second);
  const end = second && ` · ${second}`;
  if (row.isGone) return gettext("No longer among the best: the search has found better ones.");
  if (row.decision === "hidden") return gettext("Decision hidden from you");
  if (row.decision === "confirmed") return `${gettext("Confirmed by a person")}${end}`;
  if (row.decision === "rejected") return `${gettext("Rejected")}${row.reason ? `: ${row.reason}` : ""}${end}`;
  return gettext("Not decided: a lead only");
}
