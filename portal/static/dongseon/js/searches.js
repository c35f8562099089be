/** The searches of a request: the open one, kept fresh, and a list of the earlier ones. */
import { get } from "./api.js";
import { byId, h, throttle } from "./dom.js";
import { shortWhen } from "./format.js";
import { isOpen } from "./search_form.js";
import { errorToast } from "./toasts.js";

const REFETCH_MS = 1200;
const POLL_MS = 4000;
const PROGRESS_MS = 200;
const ROWS_AT_ONCE = 100;

/**
 * @param {{requestId: number, live: () => boolean, isPending: (id: number) => boolean, onProgress: Function,
 *   onSearch: (search: Object, from: string) => void, onFailed: (error: Error, again: Function) => void}} options
 *   `isPending`: a decision about this candidate is on its way, and newer than what an answer says; `from`: chosen from the "list",
 *   begun "here" or "elsewhere", or "": it was shown already
 */
export function createSearches({ requestId, live, isPending, onSearch, onProgress, onFailed }) {
  const state = { rows: [], current: null };
  let [turn, wanted, news] = [0, null, null];

  async function loadList() {
    try {
      const answer = await get(`/api/requests/${requestId}/searches/`);
      state.rows = answer.results ?? answer;
      showList();
    } catch (error) {
      errorToast(error);
    }
    return state.rows;
  }

  /** Fetch a search: all of it, or what is new of the open one. */
  async function open(id, { isWhole = true, from = "list" } = {}) {
    const known = state.current?.id === id ? state.current.candidates : null;
    const mine = ++turn;
    wanted = id;
    try {
      const newest = isWhole || !known ? 0 : known.reduce((most, row) => Math.max(most, row.id), 0);
      const answer = await get(`/api/searches/${id}/${newest ? `?since=${newest}` : ""}`);
      const rows = await assemble(known ?? [], answer);
      if (mine !== turn) return undefined;
      // What was said of candidates while it still looked is not the last word.
      if (!rows || (newest && isOpen(state.current) && !isOpen(answer))) return open(id, { from });
      const { states, ...search } = answer;
      state.current = { ...search, candidates: rows };
      // Its end may have been told while this answer, made before, was on its way: then it was nobody's to refresh.
      const hasEnded = isOpen(search) && state.rows.some((row) => row.id === id && !isOpen(row));
      merge(search);
      onSearch(state.current, known ? "" : from);
      if (hasEnded) refresh();
    } catch (error) {
      if (mine !== turn) return undefined;
      if (known) errorToast(error);
      else onFailed(error, () => open(id, { from }));
    }
    return undefined;
  }

  /** The list in its order, a slice at a time, so that keys get through. Null if it names a candidate that nobody sent. */
  async function assemble(known, { candidates, states }) {
    const sent = new Map(candidates.map((row) => [row.id, row]));
    const all = new Map([...candidates, ...known].map((row) => [row.id, row]));
    const rows = [];
    for (const row of states) {
      const there = all.get(row.id);
      if (!there) return null;
      const { decision, reason, second, elsewhere, ...rest } = { ...sent.get(row.id), ...row };
      rows.push(Object.assign(there, rest, isPending(row.id) ? {} : { decision, reason, second, elsewhere }));
      if (rows.length % ROWS_AT_ONCE === 0) await new Promise((resolve) => { setTimeout(resolve); });
    }
    return rows;
  }

  /** A search that has just been started: known before its first answer. */
  function begin(row) {
    merge(row);
    return open(row.id, { from: "here" });
  }

  // While another one is on its way, the old one would take its place.
  const refresh = throttle(() => state.current?.id === wanted && open(wanted, { isWhole: false }), REFETCH_MS);
  const showNews = throttle(() => { showList(); if (news) onProgress(news); news = null; }, PROGRESS_MS);

  function receive(event) {
    if (event.type !== "search.progress" && event.type !== "candidates.changed") return;
    const row = state.rows.find((search) => search.id === event.search);
    const { status, progress, compared } = event;
    if (event.type === "search.progress" && row) {
      Object.assign(row, { status, progress, compared });
      if (event.search === state.current?.id) news = { status, progress, compared };
      showNews();
    } else if (!row) welcome(event.search);
    if (event.search !== state.current?.id) return;
    if (event.type === "candidates.changed" || !isOpen(event)) refresh();
  }

  /** A search that was started elsewhere: listed, and shown where nothing else is. */
  async function welcome(id) {
    await loadList();
    if (!state.current) open(id, { from: "elsewhere" });
  }

  function merge(search) {
    const { candidates, pictures, ...row } = search;
    const at = state.rows.findIndex((other) => other.id === row.id);
    if (at < 0) state.rows.unshift(row);
    else state.rows[at] = row;
    showList();
  }

  function showList() {
    byId("earlier").hidden = !state.rows.length;
    byId("earlier-count").textContent = state.rows.length;
    byId("search-list").replaceChildren(...state.rows.map(item));
  }

  function item(row) {
    const isCurrent = row.id === state.current?.id;
    const onclick = () => open(row.id);
    return h("li", {}, h("button", { type: "button", "aria-current": isCurrent ? "true" : null, onclick },
      h("b", {}, `#${row.id}`), h("span", {}, `${shortWhen(row.starts_at)} – ${shortWhen(row.ends_at)}`),
      h("span", { class: "muted small" }, interpolate(ngettext("%s camera", "%s cameras", row.cameras.length), [row.cameras.length])),
      row.plate && h("b", { class: "plate small" }, row.plate),
      h("span", { class: `status ${row.status}` }, statusName(row.status)),
      h("span", { class: "muted small" }, `${row.requested_by} · ${shortWhen(row.requested_at)}`,
        row.parent && ` · ${interpolate(gettext("refined from #%s"), [row.parent])}`)));
  }

  // Where the socket does not get through, an open search is asked about now and then.
  setInterval(() => {
    if (!live() && state.current && isOpen(state.current)) refresh();
  }, POLL_MS);

  return { state, loadList, open, begin, receive, refresh };
}

const statusName = (status) => ({
  queued: gettext("queued"), running: gettext("running"), done: gettext("done"), failed: gettext("failed"), cancelled: gettext("cancelled"),
}[status] ?? status);
