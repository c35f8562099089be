/** The candidate in focus, large, beside the picture that is looked for. */
import { byId, h, icon, picture } from "./dom.js";
import { secondText } from "./candidates.js";
import { duration, similarity, timeElement } from "./format.js";

/**
 * @param {{query: Object, candidates: Object, verbs: Object, onSearchFrom: (sighting: Object) => void}} options
 */
export function addCompare({ query, candidates, verbs, onSearchFrom }) {
  let hovered = null;

  /** The candidate that is shown large: the one that keys act on. */
  const shown = () => (hovered && candidates.current(hovered.id)) ?? candidates.selectedRow;

  function show() {
    const row = shown();
    if (!row) return byId("compare").replaceChildren(nothing(query.items[0]));
    return byId("compare").replaceChildren(
      half("query", query.items[0]?.url, gettext("Looked for"), query.items[0]?.box),
      half("found", row.sighting.picture, interpolate(gettext("Candidate %s"), [row.rank])),
      about(row),
    );
  }

  function about(row) {
    const { sighting } = row;
    const stayed = (Date.parse(sighting.last_seen_at) - Date.parse(sighting.first_seen_at)) / 1000;
    return h("div", { class: "compare-about", dataset: { decision: row.decision } },
      h("p", { class: "compare-score" }, h("b", {}, similarity(row.score)), h("span", { class: "muted small" }, gettext("similarity"))),
      h("p", { class: "compare-where" }, h("b", {}, sighting.camera_name),
        h("span", { class: "muted small" }, sighting.camera_code)),
      h("p", {}, timeElement(sighting.seen_at)),
      h("p", { class: "muted small" }, interpolate(gettext("in view for %s"), [duration(Math.max(1, stayed))])),
      h("p", { class: "compare-state" }, stateText(row)),
      h("div", { class: "compare-verbs" },
        row.decision === "pending" && verb("confirm-large", gettext("Confirm"), "Y", "check", () => verbs.onConfirm(row)),
        row.decision === "pending" && verb("reject-large", gettext("Reject"), "N", "close",
          (event) => verbs.onReject(row, event.currentTarget)),
        isDecided(row) && verb("", gettext("Take back"), "U", "undo", () => verbs.onUndo(row)),
        verb("quiet", gettext("Search from this"), "S", "target", () => onSearchFrom(sighting))));
  }

  query.changed.on(show);
  // A selection made by key or by the script is what counts until the pointer really moves again.
  candidates.selected.on(() => { hovered = null; show(); });
  candidates.hovered.on((row) => {
    if (row === hovered) return;
    hovered = row;
    show();
  });
  show();
  return { show, shown };
}

function verb(className, label, key, iconName, onclick) {
  return h("button", { type: "button", class: `button small ${className}`, onclick }, icon(iconName), label, h("kbd", {}, key));
}

function half(name, url, label, box = null) {
  const image = url ? picture(url, label) : icon("picture", "icon big");
  if (url && box) showPart(image, box);
  return h("figure", { class: `compare-half ${name}` }, image, h("figcaption", {}, label));
}

/** Show what is within the box alone: in a picture of a whole scene the person would be too small to compare. */
function showPart(image, [x1, y1, x2, y2]) {
  image.addEventListener("load", () => {
    const across = (pixels) => `${(100 * Math.max(0, pixels)) / image.naturalWidth}%`;
    const down = (pixels) => `${(100 * Math.max(0, pixels)) / image.naturalHeight}%`;
    image.style.objectViewBox = `inset(${down(y1)} ${across(image.naturalWidth - x2)} ${down(image.naturalHeight - y2)} ${across(x1)})`;
  }, { once: true });
}

function nothing(item) {
  return h("div", { class: "compare-nothing" }, item?.url ? half("query", item.url, gettext("Looked for"), item.box) : null,
    h("p", { class: "muted" }, item ? gettext("The candidate in focus is shown here, beside the one you look for.")
      : gettext("Add a picture on the left to begin.")));
}

const isDecided = (row) => row.decision === "confirmed" || row.decision === "rejected";

function stateText(row) {
  const second = secondText(row.second);
  const end = second && ` · ${second}`;
  if (row.decision === "hidden") return gettext("Decision hidden from you");
  if (row.decision === "confirmed") return `${gettext("Confirmed by a person")}${end}`;
  if (row.decision === "rejected") return `${gettext("Rejected")}${row.reason ? `: ${row.reason}` : ""}${end}`;
  return gettext("Not decided: a lead only");
}
