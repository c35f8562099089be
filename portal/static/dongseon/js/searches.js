/** The searches of a request: the open one, kept fresh, and a list of the earlier ones. */
import { get } from "./api.js";
import { byId, h, throttle } from "./dom.js";
import { shortWhen } from "./format.js";
import { isOpen } from "./search_form.js";
import { errorToast } from "./toasts.js";

const REFETCH_MS = 1200;
const POLL_MS = 4000;

/**
 * @param {{requestId: number, live: () => boolean, onSearch: (search: Object, isNew: boolean) => void, onProgress: Function}} options
 */
export function createSearches({ requestId, live, onSearch, onProgress }) {
  const state = { rows: [], current: null };
  let turn = 0;

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

  async function open(id) {
    const isNew = state.current?.id !== id;
    const mine = ++turn;
    try {
      const search = await get(`/api/searches/${id}/`);
      if (mine !== turn) return;
      state.current = search;
      merge(search);
      onSearch(search, isNew);
    } catch (error) {
      if (mine === turn) errorToast(error);
    }
  }

  /** A search that has just been started: known before its first answer. */
  function begin(row) {
    merge(row);
    return open(row.id);
  }

  const refresh = throttle(() => state.current && open(state.current.id), REFETCH_MS);

  function receive(event) {
    if (event.type !== "search.progress" && event.type !== "candidates.changed") return;
    const row = state.rows.find((search) => search.id === event.search);
    const { status, progress, compared, error } = event;
    if (event.type === "search.progress" && row) {
      Object.assign(row, { status, progress, compared, error });
      showList();
    } else if (!row) welcome(event.search);
    if (event.search !== state.current?.id) return;
    if (event.type === "search.progress") onProgress({ status, progress, compared, error });
    if (event.type === "candidates.changed" || !isOpen(event)) refresh();
  }

  /** A search that was started elsewhere: listed, and shown where nothing else is. */
  async function welcome(id) {
    await loadList();
    if (!state.current) open(id);
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
      h("span", { class: `status ${row.status}` }, statusName(row.status)),
      h("span", { class: "muted small" }, `${row.requested_by} · ${shortWhen(row.requested_at)}`)));
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
