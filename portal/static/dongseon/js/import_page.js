/** Lists of cameras: a file is chosen or dropped; the page of one follows its worker. */
import { getPage } from "./api.js";
import { byId } from "./dom.js";
import { swapParts } from "./parts.js";

const ASK_MS = 700;
const SLOWEST_MS = 10_000;

function follow(body) {
  let wait = ASK_MS;
  const ask = async () => {
    try {
      const answer = await getPage(location.href);
      if (answer.redirected || answer.status === 403 || answer.status === 404) return location.reload(); // logged out, say
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      swapParts(html);
      wait = ASK_MS;
      if (!isOpen(html)) return delete body.dataset.open;
    } catch {
      wait = Math.min(2 * wait, SLOWEST_MS); // the portal is away: asked again, ever less often
    }
    return setTimeout(ask, wait);
  };
  setTimeout(ask, wait);
}

const isOpen = (html) => new DOMParser().parseFromString(html, "text/html").querySelector('[data-part="import-body"][data-open]') !== null;

function takeDrops(drop) {
  const field = byId("id_file");
  document.documentElement.classList.add("js");
  const show = () => {
    if (field.files.length) byId("drop-name").textContent = field.files[0].name;
  };
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
    show();
  });
  field.addEventListener("change", show);
  field.form.addEventListener("submit", () => field.form.querySelector("button.primary").setAttribute("aria-busy", "true"));
}

// The table comes with the worker's last step, long after the page's own fields were listened to.
document.addEventListener("change", ({ target }) => target.matches("[data-submits]") && target.form.requestSubmit());
const body = document.querySelector('[data-part="import-body"][data-open]');
if (body) follow(body);
if (byId("drop")) takeDrops(byId("drop"));
