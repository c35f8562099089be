/** The query: pictures uploaded, dropped, pasted or taken from sightings, each with its box. */
import { byId, h, icon, picture, signal } from "./dom.js";
import { editBox, placeBox } from "./box_editor.js";
import { errorToast } from "./toasts.js";

const MOST_PICTURES = 10;
const LARGEST_BYTES = 25 * 1024 * 1024;

/**
 * Items are {kind: "file"|"sighting"|"attachment"|"stored", url, name, file?, sighting?, attachment?, box?, error?}. A
 * stored one belongs to an earlier search, and is sent again with a new one; an attachment came with the request.
 */
export function createQuery() {
  const items = [];
  const changed = signal();

  function add(item) {
    if (items.length >= MOST_PICTURES) return errorToast(interpolate(gettext("At most %s pictures at once."), [MOST_PICTURES]));
    if (item.sighting && items.some((other) => other.sighting === item.sighting)) return undefined;
    if (item.attachment && items.some((other) => other.attachment === item.attachment)) return undefined;
    items.push(item);
    return show();
  }

  function addFiles(files) {
    for (const file of files) {
      if (!file.type.startsWith("image/")) errorToast(interpolate(gettext("%s is not a picture."), [file.name]));
      else if (file.size > LARGEST_BYTES) errorToast(interpolate(gettext("%s is larger than 25 MB."), [file.name]));
      else add({ kind: "file", file, name: file.name, url: URL.createObjectURL(file), box: null });
    }
  }

  function remove(item) {
    items.splice(items.indexOf(item), 1);
    if (item.kind === "file") URL.revokeObjectURL(item.url);
    show();
  }

  function show() {
    byId("query-pictures").replaceChildren(...items.map(card));
    byId("drop").classList.toggle("has-pictures", items.length > 0);
    changed.emit();
  }

  function card(item) {
    const image = picture(item.url, item.name);
    const frame = h("button", {
      type: "button", class: "query-frame", title: isFixed(item) ? item.name : gettext("Mark the person"),
      disabled: isFixed(item) || !item.url, onclick: () => editBox(item, show),
    }, item.url ? image : icon("picture", "icon big"));
    const label = interpolate(gettext("Remove %s"), [item.name]);
    if (item.box) placeBox(frame, image, item.box);
    return h("li", { class: item.error ? "has-error" : "" }, frame,
      h("button", { type: "button", class: "query-remove", "aria-label": label, onclick: () => remove(item) }, icon("close")),
      item.sighting && h("span", { class: "query-tag" }, gettext("sighting")),
      item.attachment && h("span", { class: "query-tag" }, gettext("station")),
      item.error && h("p", { class: "query-error", role: "alert" }, item.error));
  }

  /** Show the pictures of a search that has run, with the boxes that the detector used. */
  function showStored(pictures) {
    items.splice(0, items.length, ...pictures.map((row) => ({
      kind: row.sighting ? "sighting" : "stored", sighting: row.sighting, id: row.id, url: row.picture,
      name: row.original_name || String(row.id), box: row.sighting ? null : row.box, error: row.error,
    })));
    show();
  }

  /** Put the query into a form: files with their boxes in the same order, what the portal has by number. */
  async function fill(form) {
    const boxes = [];
    for (const item of items.filter((row) => !isFixed(row) && row.url)) {
      const content = item.file ?? await (await fetch(item.url)).blob();
      form.append("pictures", content, item.name);
      boxes.push(item.box ?? null);
    }
    form.append("boxes", JSON.stringify(boxes));
    for (const kind of ["sighting", "attachment"]) {
      form.append(`${kind}s`, JSON.stringify(items.filter((row) => row.kind === kind).map((row) => row[kind])));
    }
  }

  listen(addFiles);
  byId("photos")?.addEventListener("click", ({ target }) => {
    const photo = target.closest("[data-attachment]");
    if (!photo || byId("query-block").disabled) return;
    const { attachment, name } = photo.dataset;
    add({ kind: "attachment", attachment: Number(attachment), name, url: photo.querySelector("img").src });
  });
  return { items, changed, add, fill, showStored, clear: () => { items.length = 0; show(); } };
}

/** What the portal has already is searched by as it is: no box is drawn on it here. */
const isFixed = (item) => Boolean(item.sighting || item.attachment);

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
