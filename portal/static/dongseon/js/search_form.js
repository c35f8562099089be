/** Start a search, watch it, cancel it. */
import { post } from "./api.js";
import { byId } from "./dom.js";
import { percent } from "./format.js";
import { errorToast, wordsOf } from "./toasts.js";

const OPEN = new Set(["queued", "running"]);
export const isOpen = (search) => OPEN.has(search.status);

/**
 * @param {{requestId: number, kind: string, cameras: Object, query: Object, timeRange: Object, state: Object, onStarted: Function,
 *   onOutOfScope: (rules: Object[]) => void}} options  `onOutOfScope`: which rules the portal refused the search by
 */
export function addSearchForm({ requestId, kind, cameras, query, timeRange, state, onStarted, onOutOfScope }) {
  let current = null;
  let isSending = false;

  /** What is missing, as a sentence; what is wrong with the plate is said at its field. */
  function missing() {
    const range = timeRange.read();
    if (query.isEmpty()) {
      return query.canRead ? (kind === "vehicle" ? gettext("Add a picture, a number plate, or words that can be looked for.") : gettext("Add a picture first, or words that can be looked for."))
        : gettext("Add a picture first: upload one, paste one, or start from a sighting.");
    }
    if (!range) return gettext("Fill in both times.");
    if (range.until <= range.from) return gettext("The end of the time range lies before its start.");
    if (!cameras.chosen.size) return gettext("Choose at least one camera, in the list or on the map.");
    if (!byId("limit").checkValidity()) return gettext("The number of candidates must be from 1 to 500.");
    return "";
  }

  /** What keeps the search from beginning, beside its button. */
  function showLack() {
    const box = byId("search-lack");
    box.textContent = isOff() ? gettext("No search may start now: “Request” says what is due.") : missing();
    box.title = box.textContent;
    box.classList.remove("bad-text");
  }

  async function start(event) {
    event?.preventDefault();
    if (isSending || isOff()) return;
    isSending = true;
    try {
      await query.settle();
      say("");
      if (missing()) return void byId("search-lack").classList.add("bad-text");
      if (query.problem()) return byId("plate").focus();
      busy(true);
      onOutOfScope([]);
      onStarted(await post(`/api/requests/${requestId}/searches/`, await fields()));
    } catch (error) {
      say(wordsOf(error), "bad");
      onOutOfScope(error.content?.rules ?? []);
    } finally {
      isSending = false;
      busy(false);
    }
  }

  async function fields() {
    const form = new FormData();
    const range = timeRange.read();
    form.append("cameras", JSON.stringify([...cameras.chosen]));
    form.append("starts_at", range.from.toISOString());
    form.append("ends_at", range.until.toISOString());
    form.append("kind", kind);
    form.append("includes_small", byId("includes-small").checked);
    form.append("limit", byId("limit").value);
    await query.fill(form);
    return form;
  }

  async function cancel() {
    byId("cancel-search").disabled = true;
    try {
      showProgress(await post(`/api/searches/${current.id}/cancel/`));
    } catch (error) {
      errorToast(error);
    } finally {
      byId("cancel-search").disabled = false;
    }
  }

  /** Show how a search goes: a row of the API, or a search.progress event. */
  function showProgress(search) {
    current = { ...current, ...search };
    const [bar, running] = [byId("search-progress"), isOpen(current)];
    bar.classList.toggle("running", running);
    bar.dataset.status = current.status;
    if (current.status === "queued") bar.removeAttribute("value");
    else bar.value = current.status === "done" ? 1 : current.progress;
    byId("cancel-search").hidden = !running;
    byId("search-status").textContent = statusText(current);
    if (current.status === "failed") say(current.error || gettext("The search failed."), "bad");
    else say(current.warning ?? "", "warn");
  }

  for (const part of [query, timeRange, cameras, state]) part.changed.on(() => queueMicrotask(showLack)); // once scope.js has had its say
  byId("limit").addEventListener("input", showLack);
  showLack();
  byId("search-form").addEventListener("submit", start);
  byId("cancel-search").addEventListener("click", cancel);
  return { start, showProgress, clear: () => { current = null; }, clearMessage: () => say("") };
}

function statusText({ status, progress, compared }) {
  const seen = interpolate(ngettext("%s sighting compared", "%s sightings compared", compared ?? 0), [(compared ?? 0).toLocaleString()]);
  if (status === "queued") return gettext("Waiting for a worker…");
  if (status === "running") return `${percent(progress)} · ${seen}`;
  if (status === "done") return `${gettext("Done")} · ${seen}`;
  if (status === "cancelled") return `${gettext("Cancelled")} · ${seen}`;
  return gettext("Failed");
}

function say(text, tone = "") {
  const box = byId("search-message");
  box.replaceChildren(...[text].flat());
  box.className = `search-message ${text ? tone : ""}`;
}

const isOff = () => byId("start-search").disabled;

function busy(isBusy) {
  byId("start-search").setAttribute("aria-busy", String(isBusy));
}
