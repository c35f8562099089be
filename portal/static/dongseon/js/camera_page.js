/** The page of cameras: the list, the map and the panel, with one camera in focus whose number stands in the address. */
import "/jsi18n/later/";
import { get } from "./api.js";
import { createMoveDialog, createStatusDialog } from "./camera_dialogs.js";
import { createCameraForm } from "./camera_form.js";
import { addCameraLayer } from "./camera_layer.js";
import { createList } from "./camera_page_list.js";
import { createPanel } from "./camera_panel.js";
import { createPlace } from "./camera_place.js";
import { byId, readData, signal } from "./dom.js";
import { fetchRest } from "./lazily.js";
import { addMapButton, createMap, fitTo, isStill } from "./map.js";
import { isTyping } from "./page.js";
import { errorToast, toast } from "./toasts.js";

const DEFAULT_VIEW_DEG = 70;
const [NEAR_ZOOM, CLOSE_ZOOM] = [15, 17];
const STALE_MS = 60_000;

const data = readData("page-data");
const map = createMap(data);
const store = createStore();
const place = createPlace(map, { onDrag: dragged, onEnd: () => layer.pause(false), onDrop: dropped });
const panel = createPanel(store, data, { onOpen: open, onClose: close, onEdit: edit, onMove: (camera) => askMove(camera), onStatus: (camera) => statuses.ask(camera), onFilter: (filter) => list.filterBy(filter) });
const moves = data.canManage && createMoveDialog({ onPlace: (to) => place.moveTo(to), onDone: moved, onCancel: putBack });
const statuses = data.canManage && createStatusDialog({ onDone: (camera) => { keep(camera, gettext("The status was changed.")); } });
let layer = null;
let list = null;
let shown = null; // the camera in the panel, with all that is known of it
let form = null; // the form in the panel, if there is one
let isAdding = false; // a click on the map is the place of a new camera
let loadedAt = 0;
let turn = 0;

/** The rows as the layer of the map wants them: `chosen` are those that the filters leave. */
function createStore() {
  const byNumber = new Map();
  const changed = signal();
  const self = {
    known: [], rows: [], chosen: new Set(), changed,
    get: (id) => byNumber.get(id),
    fill(rows) {
      self.known = self.rows = rows.map(told);
      byNumber.clear();
      for (const row of self.known) byNumber.set(row.id, row);
    },
    put(camera) {
      const row = told(camera);
      const at = self.known.findIndex((known) => known.id === row.id);
      if (at < 0) self.known.push(row);
      else self.known[at] = row;
      byNumber.set(row.id, row);
    },
    choose(rows) {
      self.chosen = new Set(rows.map((row) => row.id));
      changed.emit();
    },
  };
  return self;
}

/** Who is not told when cameras record is not told either that they do not. */
const told = (row) => (data.showsRecordings ? row : { ...row, recorded_from: undefined, recorded_until: undefined });

async function start() {
  try {
    store.fill(await get("/api/cameras/"));
  } catch (error) {
    byId("camera-rows").replaceChildren();
    panel.failed(error.message, start);
    return;
  }
  loadedAt = Date.now();
  list = createList(store, { showsRecordings: data.showsRecordings, onOpen: open, onHover: (id) => layer?.hover(id) });
  layer = addCameraLayer(map, store, { canChoose: false, onPick: (row) => open(row.id, { isPicked: true }), onOpen: (row) => open(row.id, { isPicked: true }) });
  layer.hovered.on((id) => list.mark(id));
  addMapButton(map, { iconName: "fit", title: gettext("Show all cameras"), onClick: showAll });
  showAll({ isAnimated: false });
  performance.mark("cameras-listed");
  byId("camera-add")?.removeAttribute("disabled");
  follow();
  fetchRest();
}

function showAll(options = {}) {
  const rows = store.chosen.size ? store.known.filter((row) => store.chosen.has(row.id)) : store.known;
  fitTo(map, rows.map((row) => [row.latitude, row.longitude]), options);
}

// ── Which camera is in focus ─────────────────────────────────────────────────────────────────────────────────────────

const numberInAddress = () => Number(/^#camera=(\d+)$/.exec(location.hash)?.[1] ?? NaN) || null;

/** Show what the address names. */
function follow() {
  const id = numberInAddress();
  if (id) open(id);
  else close();
}

/** @param {boolean} isPicked on the map itself, which then stays as it is */
async function open(id, { isPicked = false } = {}) {
  if (isAdding || !mayLeaveForm()) return;
  const mine = ++turn;
  const row = store.get(id);
  form = null;
  history.replaceState(null, "", `#camera=${id}`);
  list.select(id);
  byId("cameras-page").classList.add("has-camera");
  if (row) {
    const at = [row.latitude, row.longitude];
    if (!isPicked && map.getZoom() < NEAR_ZOOM) map.setView(at, CLOSE_ZOOM, { animate: false });
    layer.focus(id);
    place.ghost(null);
    place.show(at, row.bearing_deg, row.field_of_view_deg, { canDrag: data.canManage && shown?.id === id });
  }
  if (shown?.id !== id) panel.loading(row);
  try {
    const camera = await get(`/api/cameras/${id}/`);
    if (mine === turn) show(camera);
  } catch (error) {
    if (mine === turn) panel.failed(error.status === 404 ? gettext("There is no such camera, or none that you may see.") : error.message, error.status === 404 ? null : () => open(id));
  }
}

function show(camera) {
  shown = camera;
  const known = store.get(camera.id);
  if (known && ["latitude", "longitude", "bearing_deg", "status", "name"].some((name) => known[name] !== camera[name])) take(camera);
  panel.show(camera);
  drawShown();
}

/** The camera in focus on the map: with a marker to be dragged, where the person may. */
function drawShown() {
  place.ghost(null);
  place.show([shown.latitude, shown.longitude], shown.bearing_deg, shown.field_of_view_deg, { canDrag: data.canManage });
  layer.focus(shown.id, { pan: false });
}

function close() {
  if (!mayLeaveForm()) return;
  turn += 1;
  shown = form = null;
  history.replaceState(null, "", location.pathname);
  byId("cameras-page").classList.remove("has-camera");
  stopAdding();
  place.hide();
  layer?.focus(null);
  list?.select(null);
  panel.overview();
}

/** Take in a camera as the server has it now. */
function take(camera) {
  store.put(camera);
  list.refresh();
  layer.reload();
}

function keep(camera, text) {
  take(camera);
  form = null;
  toast(text, { tone: "success" });
  shown = camera;
  open(camera.id);
  byId("camera-title")?.focus({ preventScroll: true });
}

const mayLeaveForm = () => !form?.isTouched() || confirm(gettext("What you entered is not saved. Leave it?"));

// ── Changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The old place stays as a ghost while a camera that is there is dragged away from it. */
function dragged(from) {
  layer.pause(true);
  if (from && !form) place.ghost(from);
}

function dropped(to) {
  if (form) form.setPlace(to);
  else askMove(shown, to);
}

function askMove(camera, to = [camera.latitude, camera.longitude]) {
  place.ghost([camera.latitude, camera.longitude]);
  place.moveTo(to);
  moves.ask(camera, to);
}

/** The marker goes back to where the camera stands: that may be another place than before. */
function putBack() {
  drawShown();
  open(shown.id);
}

function moved(camera) {
  keep(camera, gettext("The camera was moved."));
}

function edit(camera) {
  turn += 1;
  const at = [camera.latitude, camera.longitude];
  form = createCameraForm(store, data, {
    camera,
    onTurn: (bearing, view) => place.show(at, bearing, view, { onTurn: form.turn }),
    onPlace: () => {},
    onSaved: (saved) => keep(saved, gettext("The camera was saved.")),
    onCancel: () => { if (mayLeaveForm()) { form = null; open(camera.id); } },
  });
  panel.put(form.element);
  place.show(at, camera.bearing_deg, camera.field_of_view_deg, { onTurn: form.turn });
  form.element.querySelector("input").focus();
}

function startAdding() {
  close();
  if (form) return;
  isAdding = true;
  layer.pause(true);
  byId("map").classList.add("picking");
  byId("camera-add").setAttribute("aria-pressed", "true");
  byId("add-hint").hidden = false;
  map.once("click", placeNew);
}

function stopAdding() {
  if (!isAdding) return;
  isAdding = false;
  map.off("click", placeNew);
  layer.pause(false);
  byId("map").classList.remove("picking");
  byId("camera-add").setAttribute("aria-pressed", "false");
  byId("add-hint").hidden = true;
}

function placeNew({ latlng }) {
  const { lat, lng } = latlng.wrap();
  addAt([lat, lng]);
}

function addAt(at) {
  stopAdding();
  byId("cameras-page").classList.add("has-camera");
  let look = [null, DEFAULT_VIEW_DEG];
  // From afar a click is a guess: closer up the marker can be set right.
  if (map.getZoom() < NEAR_ZOOM) map.setView(at, CLOSE_ZOOM, { animate: false });
  const draw = (to) => place.show(to, ...look, { canDrag: true, onTurn: form.turn });
  form = createCameraForm(store, data, {
    place: at,
    onTurn: (bearing, view) => { look = [bearing, view]; draw(place.at()); },
    onPlace: (to) => { draw(to); if (!map.getBounds().contains(to)) map.panTo(to, { animate: !isStill() }); },
    onSaved: (camera) => keep(camera, gettext("The camera was added.")),
    onCancel: close,
  });
  panel.put(form.element);
  draw(at);
  form.element.querySelector("input").focus();
}

// ── Around it ────────────────────────────────────────────────────────────────────────────────────────────────────────

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && !event.target.closest?.("#camera-search")) {
    if (isAdding) stopAdding();
    else if (!isTyping(event)) close();
  } else if (event.code === "Slash" && !event.shiftKey && !isTyping(event)) {
    event.preventDefault();
    list?.focus();
  }
}

/** Others move cameras too: whoever comes back to the page sees where they stand now. */
async function refresh() {
  if (document.hidden || !list || form || Date.now() - loadedAt < STALE_MS) return;
  loadedAt = Date.now();
  try {
    store.fill(await get("/api/cameras/"));
    list.refresh();
    layer.reload();
  } catch (error) {
    errorToast(error);
  }
}

byId("camera-add")?.addEventListener("click", () => (isAdding ? stopAdding() : startAdding()));
byId("add-middle")?.addEventListener("click", (event) => { event.stopPropagation(); const { lat, lng } = map.getCenter().wrap(); addAt([lat, lng]); });
byId("add-stop")?.addEventListener("click", stopAdding);
document.addEventListener("keydown", onKey);
document.addEventListener("visibilitychange", refresh);
addEventListener("hashchange", follow);
addEventListener("beforeunload", (event) => { if (form?.isTouched()) event.preventDefault(); });
start();
