/** A field for several files: shown before they are sent, taken out one by one, dropped and pasted. */
import { post } from "./api.js";
import { byId, h, icon, picture } from "./dom.js";
import { errorToast } from "./toasts.js";

/** Watch the field `#files`. What is in it is what is sent. */
export function addFilesField() {
  const [field, list, drop] = [byId("files"), byId("files-chosen"), byId("files-drop")];
  const urls = new Map();
  let files = [];

  function set(next) {
    files = next;
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    field.files = transfer.files;
    list.replaceChildren(...files.map(card));
  }

  const isSame = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
  const add = (more) => set([...files, ...more.filter((file) => !files.some((other) => isSame(file, other)))]);

  function card(file) {
    if (!urls.has(file)) urls.set(file, URL.createObjectURL(file));
    const label = interpolate(gettext("Remove %s"), [file.name]);
    return h("li", { class: "file" },
      file.type.startsWith("image/") ? picture(urls.get(file), "") : h("span", { class: "file-icon" }, icon("document", "icon big"), ending(file.name)),
      h("span", { class: "file-name", title: file.name }, file.name), h("span", { class: "muted file-size" }, size(file.size)),
      h("button", { type: "button", class: "file-remove", "aria-label": label, title: label, onclick: () => remove(file) }, "×"));
  }

  function remove(file) {
    URL.revokeObjectURL(urls.get(file));
    urls.delete(file);
    set(files.filter((other) => other !== file));
    field.focus();
  }

  field.addEventListener("change", () => add([...field.files]));
  listenForDrops(drop, add);
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    add(pasted);
  });
  listenForRemovals();
  add([...field.files]); // chosen before this script ran
}

function listenForDrops(drop, add) {
  const hasFiles = (event) => [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || drop.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    drop.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
}

/** Files that were kept earlier are taken out at once, without losing what is typed. */
function listenForRemovals() {
  for (const button of document.querySelectorAll(".file-remove[formaction]")) {
    button.addEventListener("click", async (event) => {
      event.preventDefault();
      try {
        await post(button.formAction);
        button.closest("li").remove();
      } catch (error) {
        errorToast(error);
      }
    });
  }
}

const ending = (name) => (/\.(\w{1,5})$/.exec(name)?.[1] ?? "").toUpperCase();
const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);
