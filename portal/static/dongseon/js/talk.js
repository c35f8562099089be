/** Comments and files of a request: sent without leaving the page, and shown as they come. */
import { getPage, post } from "./api.js";
import { byId, h, throttle } from "./dom.js";
import { fetched, soon } from "./lazily.js";
import { errorToast } from "./toasts.js";

const REFETCH_MS = 1500;
const NEWS = new Set(["commented", "attached", "submitted", "emergency", "closed", "purged", ""]);
const box = byId("talk");
const loadParts = soon(() => fetched(import("./parts.js")));

async function load() {
  const answer = await getPage(box.dataset.list);
  if (!answer.ok || answer.redirected) return;
  const { swap } = await loadParts();
  swap(byId("talk-list"), new DOMParser().parseFromString(await answer.text(), "text/html").body);
}

const refresh = throttle(() => load().catch(errorToast), REFETCH_MS);

async function sendForm(form, onDone) {
  const button = form.querySelector("button:not([type=button])");
  if (button.disabled) return;
  button.disabled = true;
  try {
    onDone(await post(form.action, new FormData(form)));
    refresh();
  } catch (error) {
    errorToast(error);
  } finally {
    button.disabled = false;
  }
}

function startComments(form) {
  const [text, internal] = [byId("comment-text"), byId("comment-internal")];
  const both = text.placeholder;
  const show = () => {
    text.placeholder = internal.checked ? text.dataset.other : both;
    form.classList.toggle("internal", internal.checked);
  };
  const send = () => form.reportValidity() && sendForm(form, () => { text.value = ""; text.focus(); });
  internal.addEventListener("change", show);
  text.addEventListener("keydown", (event) => {
    if (!event.ctrlKey || event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    send();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  show();
}

function startFiles(form) {
  const refused = byId("attach-refused");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendForm(form, (answer) => {
      byId("attach-files").value = "";
      refused.hidden = !answer.refused.length;
      refused.replaceChildren(...answer.refused.map((sentence) => h("li", { class: "notice bad" }, sentence)));
    });
  });
}

if (box) {
  if (byId("comment-form")) startComments(byId("comment-form"));
  if (byId("attach-form")) startFiles(byId("attach-form"));
  document.addEventListener("request-event", ({ detail }) => detail.type === "request.changed" && NEWS.has(detail.kind) && refresh());
}
