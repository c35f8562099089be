/** The query: pictures uploaded, dropped, pasted, taken from sightings or out of a video, each with its box. */
import { addDescription } from "./describe.js";
import { byId, h, icon, picture, signal } from "./dom.js";
import { fetched, lazily, soon } from "./lazily.js";
import { errorToast, toast } from "./toasts.js";

const MOST_PICTURES = 10;
const LARGEST_BYTES = 25 * 1024 * 1024;
// What surrounds the box in the small picture, as a share of its size.
const AROUND = 0.06;
const loadContent = soon(() => fetched(import("./query_content.js")));
const editor = lazily(() => import("./box_editor.js"), (script) => script.editBox);

/**
 * Items are {kind: "file"|"sighting"|"attachment"|"frame"|"stored"|"against", url, name, file?, sighting?, attachment?, recording?, at_s?, box?,
 * boxes?, error?, notice?}. A stored one belongs to an earlier search, and is sent again with a new one; an attachment came with the
 * request; a frame is cut by the portal out of its recording; one "against" is of a rejected candidate, and not sent again. `boxes` are those that the detector found.
 * @param {{requestId: number, kind: string}} options
 */
export function createQuery({ requestId, kind }) {
  const items = [];
  const changed = signal();
  const description = addDescription(kind);
  let [dragged, sent, searched] = [null, "", ""];

  const state = () => JSON.stringify(items.map(({ kind: from, id, url, box }) => [from, id, url, box]));

  function add(item) {
    if (items.length >= MOST_PICTURES) return errorToast(interpolate(gettext("At most %s pictures at once."), [MOST_PICTURES]));
    if (items.some((other) => isSame(other, item))) return undefined;
    items.push(item);
    show();
    return canSearchIn(item) && !item.box ? find(item) : undefined;
  }

  function addFiles(files) {
    for (const file of files) {
      if (!file.type.startsWith("image/")) errorToast(interpolate(gettext("%s is not a picture."), [file.name]));
      else if (file.size > LARGEST_BYTES) errorToast(interpolate(gettext("%s is larger than 25 MB."), [file.name]));
      else add({ kind: "file", file, name: file.name, url: URL.createObjectURL(file), box: null });
    }
  }

  /** Have the detector look at the picture. */
  async function find(item) {
    Object.assign(item, { isLooking: true, error: "", notice: "" });
    show();
    try {
      const { look } = await loadContent();
      Object.assign(item, await look(item, { requestId, kind }));
    } catch (error) {
      item.notice = error.message;
    }
    item.isLooking = false;
    show();
  }

  function remove(item) {
    const at = items.indexOf(item);
    items.splice(at, 1);
    if (item.kind === "file") URL.revokeObjectURL(item.url);
    show();
    (byId("query-pictures").children[Math.min(at, items.length - 1)]?.querySelector("button") ?? byId("pictures")).focus();
  }

  function move(item, to) {
    if (to < 0 || to >= items.length) return;
    items.splice(items.indexOf(item), 1);
    items.splice(to, 0, item);
    show();
    byId("query-pictures").children[to].querySelector(".query-frame").focus();
  }

  function show() {
    const list = byId("query-pictures");
    const at = [...list.children].findIndex((card) => card.contains(document.activeElement));
    list.replaceChildren(...items.map(card));
    if (at >= 0) list.children[Math.min(at, items.length - 1)]?.querySelector(".query-frame").focus();
    byId("drop").classList.toggle("has-pictures", items.length > 0);
    changed.emit();
  }

  function card(item, at) {
    const image = picture(item.url, "");
    const name = `${at + 1}. ${item.name}`;
    const frame = h("button", {
      type: "button", class: "query-frame", title: name, "aria-label": canSearchIn(item) ? `${name}: ${gettext("change the box")}` : name,
      "aria-keyshortcuts": "Alt+ArrowLeft Alt+ArrowRight Delete", "aria-disabled": String(!canSearchIn(item)),
      onclick: () => canSearchIn(item) && edit(item), onkeydown: (event) => key(event, item, at),
    }, item.url ? image : icon("picture", "icon big"));
    if (item.box) cropTo(image, item.box);
    const label = interpolate(gettext("Remove %s"), [item.name]);
    const text = item.error || item.notice;
    return h("li", { class: text ? `has-error ${item.error ? "" : "is-notice"}` : "", draggable: "true", ...drags(item) }, frame,
      h("button", { type: "button", class: "query-remove", "aria-label": label, title: label, onclick: () => remove(item) }, icon("close")),
      tag(item), items.length > 1 && h("span", { class: "query-number", "aria-hidden": "true" }, at + 1),
      text && h("p", { class: "query-error", role: item.error ? "alert" : "status" }, text));
  }

  function tag(item) {
    const text = item.isLooking ? gettext("looking…") : { sighting: gettext("sighting"), attachment: gettext("station"), frame: gettext("video"), against: gettext("rejected") }[item.kind];
    return text && h("span", { class: `query-tag ${item.isLooking ? "busy" : ""}` }, text);
  }

  function key(event, item, at) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Delete") remove(item);
    else if (event.altKey && by) move(item, at + by);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Pull a picture before another one. */
  function drags(item) {
    return {
      ondragstart: (event) => { dragged = item; event.dataTransfer.setData("text/plain", item.name); },
      ondragend: () => { dragged = null; },
      ondragover: (event) => dragged && event.preventDefault(),
      ondrop: (event) => {
        if (!dragged) return;
        event.preventDefault();
        move(dragged, items.indexOf(item));
      },
    };
  }

  const edit = (item) => editor((editBox) => editBox(item, { kind, onChange: show, find, onTurn: item.kind === "frame" ? null : turn }));

  /** Turn the picture by 90°: it becomes a file of its own, and is looked at anew. */
  async function turn(item) {
    const { turned } = await loadContent();
    const file = await turned(item);
    if (item.kind === "file") URL.revokeObjectURL(item.url);
    Object.assign(item, { kind: "file", file, url: URL.createObjectURL(file), id: null, box: null, boxes: null, isMine: false });
    show();
  }

  /** Show the pictures of a search that has run, with the boxes that the detector used. */
  function showStored(pictures) {
    items.splice(0, items.length, ...pictures.map((row) => ({
      kind: kindOf(row), sighting: row.sighting, recording: row.recording, at_s: row.at_s, id: row.id, url: row.picture,
      name: row.original_name || String(row.id), box: row.sighting ? null : row.box, error: row.error,
    })));
    searched = state();
    show();
  }

  /** The detector's boxes and complaints come after the start: shown as long as nobody has changed the pictures. */
  function showSearched(pictures) {
    const isKnown = pictures.length === items.length && pictures.every(({ id, sighting, box, error }, at) => items[at].id === id
      && String(items[at].box) === String(sighting ? null : box) && items[at].error === error);
    if (!isKnown && state() === searched) showStored(pictures);
  }

  /** Put the query into a form: files with their boxes in the same order, what the portal has by number. */
  async function fill(form) {
    sent = state();
    const { fillIn } = await loadContent();
    await fillIn(form, items);
    description.fill(form);
  }

  listen(addFiles);
  document.addEventListener("query:add", ({ detail }) => {
    if (byId("query-block").disabled) return;
    add({ box: null, ...detail });
    toast(gettext("Added to the query. Press Search to look for it."), { kind: "result" });
  });
  byId("photos")?.addEventListener("click", ({ target }) => {
    const photo = target.closest("[data-attachment]");
    if (!photo || byId("query-block").disabled) return;
    const { attachment, name } = photo.dataset;
    add({ kind: "attachment", attachment: Number(attachment), name, url: photo.querySelector("img").src });
  });
  description.changed.on(changed.emit);
  return {
    items, changed, add, fill, showSearched, begun: () => { searched = sent; }, problem: description.problem, settle: description.settle, canRead: description.canRead,
    isEmpty: () => items.every((item) => item.kind === "against") && !description.hasTerms(),
    isLooking: () => items.some((item) => item.isLooking),
    restore(search) { showStored(search.pictures); description.restore(search); },
    clear: () => { items.length = 0; show(); },
  };
}

const isSame = (one, other) => ["sighting", "attachment"].some((name) => one[name] && one[name] === other[name])
  || (one.kind === "frame" && other.kind === "frame" && one.recording === other.recording && one.at_s === other.at_s && String(one.box) === String(other.box));

const kindOf = (row) => (row.is_against ? "against" : row.sighting ? "sighting" : row.recording && row.at_s !== null ? "frame" : "stored");

/** What the portal has already is searched by as it is: no box is drawn on it here. */
const canSearchIn = (item) => Boolean(item.url) && !item.sighting && !item.attachment && item.kind !== "against";

/** Show of an image only what is within the box, and a little around it. */
function cropTo(image, [x1, y1, x2, y2]) {
  const crop = () => {
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (!width) return;
    const [dx, dy] = [(x2 - x1) * AROUND, (y2 - y1) * AROUND];
    const share = (value, whole) => `${Math.max(0, Math.min(99, (100 * value) / whole))}%`;
    image.style.objectViewBox = `inset(${share(y1 - dy, height)} ${share(width - x2 - dx, width)} ${share(height - y2 - dy, height)} ${share(x1 - dx, width)})`;
  };
  if (image.complete) crop();
  image.addEventListener("load", crop);
}

function listen(addFiles) {
  const [field, drop] = [byId("pictures"), byId("drop")];
  const isOff = () => byId("query-block").disabled;
  const take = () => {
    addFiles([...field.files]);
    field.value = ""; // the same file may be chosen again after it was removed
  };
  field.addEventListener("change", take);
  take(); // chosen before this script ran, or kept by the browser over a reload
  document.addEventListener("dragover", (event) => {
    if (isOff() || ![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    drop.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    drop.classList.remove("dropping");
    if (isOff() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    addFiles([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!isOff() && files.length) addFiles(files);
  });
}
