/** The workspace of a request: puts its parts together. */
import { addCameraLayer } from "./camera_layer.js";
import { addCameraList } from "./camera_list.js";
import { createCameras, loadCameras } from "./cameras.js";
import { createCandidates } from "./candidates.js";
import { post } from "./api.js";
import { addChooser } from "./chooser.js";
import { addCompare } from "./compare.js";
import { createDecisions } from "./decisions.js";
import { byId, h, icon, readData } from "./dom.js";
import { distance } from "./geometry.js";
import { addKeys } from "./keys.js";
import { fetchRest, lazily } from "./lazily.js";
import { connectLive } from "./live.js";
import { addMapButton, createMap, fitTo } from "./map.js";
import { createPath } from "./path.js";
import { createQuery } from "./query.js";
import { addRefine } from "./refine.js";
import { addScope } from "./scope.js";
import { addSearchForm, isOpen } from "./search_form.js";
import { createSearches } from "./searches.js";
import { createState } from "./state.js";
import { addTabs } from "./tabs.js";
import { addTimeRange } from "./time_range.js";
import { addTimeline } from "./timeline.js";
import { errorToast, toast } from "./toasts.js";

const data = readData("workspace-data");
const why = lazily(() => import("./why_none.js"), (script) => script.whyNone);

async function start() {
  const state = createState(data.request);
  addTabs();
  const map = createMap(data);
  const cameras = await loadCameras().catch((error) => {
    errorToast(error);
    return createCameras([]);
  });
  const layer = addCameraLayer(map, cameras);
  byId("hold-cameras").replaceChildren(...cameras.rows.map((row) => h("option", { value: row.code }, row.name)));
  const shown = () => (cameras.chosen.size ? [...cameras.chosen].map(cameras.get) : cameras.rows);
  const places = () => shown().map((row) => [row.latitude, row.longitude]);
  addMapButton(map, { iconName: "fit", title: gettext("Show the chosen cameras"), onClick: () => fitTo(map, places()) });
  const timeRange = addTimeRange({ lastSeenAt: data.lastSeenAt, recorded: cameras.recorded });
  chooseAtFirst(cameras, timeRange, state.scope());
  addCameraList(cameras, { layer, scope: state.scope });
  addChooser({ map, cameras, layer, state });
  fitTo(map, places(), { isAnimated: false });
  run({ map, cameras, layer, timeRange, state });
}

/** What was recorded then, as far as the scope reaches from the last place seen. */
function chooseAtFirst(cameras, timeRange, { place, radius }) {
  const range = timeRange.read();
  const recorded = range ? cameras.recordedBetween(range.from, range.until) : [];
  const near = (rows) => (place && radius ? rows.filter((row) => distance(place, [row.latitude, row.longitude]) <= radius) : rows);
  cameras.choose((near(recorded).length ? near(recorded) : near(cameras.rows)).map((row) => row.id));
}

function run({ map, cameras, layer, timeRange, state }) {
  addTimeline({ cameras, timeRange, lastSeenAt: data.lastSeenAt, state });
  const query = createQuery({ requestId: data.request, kind: data.kind });
  const confirmed = trackConfirmed(data.confirmed);
  const searchFrom = (sighting) => {
    if (!state.scope().isSearchable) return;
    query.add({ kind: "sighting", sighting: sighting.id, url: sighting.picture, name: `${sighting.camera_name} ${sighting.seen_at}` });
    toast(gettext("Added to the query. Press Search to look for it."), { kind: "result" });
  };
  let candidates = null;
  const verbs = createDecisions({
    candidates: () => candidates,
    searchId: () => searches.state.current.id,
    onDecided: () => {
      confirmed.take(candidates.state.rows);
      compare.show();
      path.compare();
    },
    onStale: () => searches.refresh(),
  });
  candidates = createCandidates(verbs);
  const compare = addCompare({ query, candidates, verbs, search: () => searches.state.current, onSearchFrom: searchFrom });
  const path = createPath({ map, requestId: data.request, query, timeRange, confirmed: confirmed.all, onSearchFrom: searchFrom,
    isSearchable: () => state.scope().isSearchable, start: () => form.start(), settle: verbs.settle,
    decisionOf: (candidate) => candidates.current(candidate)?.decision,
    showCandidate: async (candidate, search) => {
      if (searches.state.current?.id !== search) await searches.open(search);
      reveal(candidates, candidate);
    },
    onUndecided: (rows) => {
      if (rows.some(({ search }) => search === searches.state.current?.id)) searches.refresh();
    } });
  const searches = createSearches({ requestId: data.request, live: () => live.isConnected(), isPending: verbs.isPending, onSearch, onFailed: showFailed,
    onProgress: (event) => form.showProgress(event) });
  const scope = addScope({ map, cameras, timeRange, state, onChanged: () => form.clearMessage() }); // lets the search begin: pressed before, it would send an empty form
  const form = addSearchForm({ requestId: data.request, kind: data.kind, cameras, query, timeRange, state,
    onStarted: (row) => { query.begun(); state.refresh(); return searches.begin(row); }, onOutOfScope: scope.offerWidening });

  function onSearch(search, from) {
    form.showProgress(search);
    if (from === "list" || (from === "elsewhere" && query.isEmpty())) restore(search, { cameras, query, timeRange });
    else query.showSearched(search.pictures);
    showWhetherKnown(search, candidates);
    candidates.set(search);
    refine.show(search);
    confirmed.take(search.candidates);
    compare.show();
    path.compare();
  }

  const refine = addRefine({ settle: verbs.settle, onRefined: (row) => searches.begin(row) });
  const firstMoment = () => (data.lastSeenAt ? new Date(data.lastSeenAt) : timeRange.read()?.from ?? null);
  const video = lazily(() => import("./video.js"), (script) => script.addVideo({ map, requestId: data.request, cameras, state, firstMoment }));
  document.addEventListener("footage:open", ({ detail }) => video(({ open }) => open(detail)));
  candidates.selected.on((row, isAutomatic) => layer.focus(row?.sighting.camera, { pan: !isAutomatic }));
  candidates.changed.on(() => showEmpty(searches.state.current, candidates));
  const picker = lazily(() => import("./sighting_picker.js"), (script) => script.createSightingPicker({ cameras, timeRange, kind: data.kind, onPick: searchFrom }));
  byId("pick-sighting").addEventListener("click", () => picker(({ open }) => open()));
  addKeys({ candidates, compare, verbs, searchFrom, path, form });
  showEmpty(null, candidates);
  compare.show();
  byId("show-decisions").addEventListener("click", async () => {
    try {
      await post(`/api/searches/${searches.state.current.id}/decisions/`);
      await searches.open(searches.state.current.id);
      path.load();
      state.refresh();
    } catch (error) {
      errorToast(error);
    }
  });
  const live = connectLive(data.request, {
    onEvent: (event) => {
      searches.receive(event);
      if (event.type === "path.changed") path.load();
      if (event.type === "request.changed" || event.type === "candidates.changed") state.refresh();
    },
    onBack: () => { searches.loadList(); searches.refresh(); path.load(); state.refresh(); },
  });
  const isPathShown = path.load({ fit: location.hash === "#path", exists: data.hasPath });
  searches.loadList().then(async (rows) => {
    const first = rows.find((row) => row.status !== "cancelled") ?? rows[0];
    if (first) await searches.open(first.id); // and puts its own pictures into the query
    isPathShown.then(fetchRest);
    const arriving = lazily(() => import("./arrive.js"), (script) => script.arrive);
    if (/^#(footage|sighting)=/.test(location.hash)) arriving((arrive) => arrive({ query, isSearchable: () => state.scope().isSearchable }));
  });
}

/** Put a candidate in focus, whatever the list was narrowed down to. */
function reveal(candidates, id) {
  const wishes = { "candidate-filter": "all", "candidate-camera": "0", "candidate-hour": "0", "candidate-plate": "", "candidate-group": "" };
  for (const [name, value] of Object.entries(candidates.visible().some((row) => row.id === id) ? {} : wishes)) {
    const box = byId(name).matches("select") ? byId(name) : byId(name).querySelector(`[value="${value}"]`);
    if (box.matches("select")) box.value = value;
    else box.checked = true;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  candidates.select(id, { focus: false });
}

/** The sightings that are confirmed, in whichever search. */
function trackConfirmed(sightings) {
  const confirmed = new Set(sightings);
  return {
    all: () => confirmed,
    take: (rows) => rows.forEach(({ decision, sighting }) => confirmed[decision === "confirmed" ? "add" : "delete"](sighting.id)),
  };
}

/** To who has not worked on a search, its decisions are hidden, and so is how many there are of each kind. */
function showWhetherKnown(search, candidates) {
  byId("hidden-note").hidden = search.is_known;
  byId("withheld-note").hidden = !search.is_withheld;
  byId("candidate-filter").hidden = !search.is_known;
  if (search.is_known || candidates.state.show === "all") return;
  const all = document.querySelector("#candidate-filter [value=all]");
  all.checked = true;
  all.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Put an earlier search's terms back into the form, so that it can be changed and run again. */
function restore(search, { cameras, query, timeRange }) {
  cameras.choose(search.cameras);
  timeRange.write(search.starts_at, search.ends_at);
  byId("includes-small").checked = search.includes_small;
  byId("limit").value = search.limit;
  query.restore(search);
}

function showEmpty(search, candidates) {
  const box = byId("candidates-empty");
  const shown = candidates.visible().length;
  box.hidden = shown > 0;
  if (shown) return;
  const text = !search ? gettext("Candidates appear here while the search runs.")
    : search.candidates.length ? gettext("No candidate in this state.")
      : search.is_withheld ? gettext("This list is hidden: it was ranked by decisions that are hidden from you.")
        : isOpen(search) ? gettext("Looking…") : "";
  const line = h("p", {}, text);
  if (!text) why((whyNone) => { line.textContent = whyNone(search); });
  const skeletons = search && isOpen(search) ? Array.from({ length: 6 }, () => h("span", { class: "skeleton-card" })) : [];
  box.replaceChildren(skeletons.length ? h("div", { class: "skeleton-grid" }, ...skeletons) : icon("target", "icon big"), line);
}

function showFailed(error, again) {
  const button = h("button", { type: "button", class: "button small", onclick: again }, gettext("Try again"));
  byId("candidates-empty").hidden = false;
  byId("candidates-empty").replaceChildren(icon("warning", "icon big"), h("p", { role: "alert" }, error.message), button);
}

start();
