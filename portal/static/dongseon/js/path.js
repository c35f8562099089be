/** The path: its strip of cards, its line on the map, building it, and whether it is still what is confirmed. */
import { get, post } from "./api.js";
import { byId, h, icon } from "./dom.js";
import { lazily } from "./lazily.js";
import { fitTo } from "./map.js";
import { addPathLayer } from "./path_layer.js";
import { markCard, stripItems, summary } from "./path_strip.js";
import { errorToast, toast } from "./toasts.js";

/**
 * @param {{map: L.Map, requestId: number, query: Object, timeRange: Object, start: Function,
 *   confirmed: () => Set<number>, isSearchable: () => boolean, onSearchFrom: Function, decisionOf: Function,
 *   showCandidate: (candidate: number, search: number) => Promise, onUndecided: Function, settle: () => Promise}} options  `settle`: once all
 *   that was decided has reached the portal
 */
export function createPath({ map, requestId, confirmed, onSearchFrom, onUndecided, showCandidate, decisionOf, settle, ...search }) {
  const strip = byId("path-strip");
  const button = byId("build-path");
  const pictures = new Map();
  let points = null;
  const shownPoints = () => points ?? [];
  const onStop = (number) => { markCard(strip, number, { isShown: true }); layer.highlight(number); };
  // What is not needed at first comes with its first use.
  const player = lazily(() => import("./path_play.js"), (script) => script.createPlayer(map, { onStop }));
  const others = lazily(() => import("./path_others.js"), (script) => script.addOtherPaths({ map, requestId, show: showCandidate, decisionOf, onDone }));
  const next = lazily(() => import("./next.js"), (script) => script.addWhereNext({ map, requestId, points: shownPoints, ...search }));
  const sharing = lazily(() => import("./path_share.js"), (script) => script.addSharing({ requestId, points: shownPoints, onRemoved: (rows) => { load(); onUndecided(rows); } }));
  const play = (number = null) => player((made) => made.play(shownPoints(), number));
  const layer = addPathLayer(map, { onSelect: select, onSearchFrom, onPlay: play, onHover: (number) => markCard(strip, number, { isShown: number !== null }) });

  /** Show the stored path. Where there is none yet (`exists` is false), nothing is asked for. */
  async function load({ fit = false, exists = true } = {}) {
    try {
      if (!exists) return show({ points: [] });
      show(await get(`/api/requests/${requestId}/path/`));
    } catch (error) {
      if (error.status !== 404) errorToast(error);
      show({ points: [] });
    }
    if (fit) fitTo(map, layer.places(), { isAnimated: false });
    return undefined;
  }

  async function build() {
    if (button.disabled || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await settle(); // or what was decided just now might miss the path
      show(await post(`/api/requests/${requestId}/path/`));
      setView("path");
      fitTo(map, layer.places());
      const text = ngettext("Path built with %s point.", "Path built with %s points.", points.length);
      toast(interpolate(text, [points.length]), { tone: "confirmed", kind: "result" });
    } catch (error) {
      errorToast(error);
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  function show(path) {
    points = path.points;
    for (const { sighting } of points) {
      // Keep the first address of a picture: it is in the browser's cache.
      if (pictures.has(sighting.id)) sighting.picture = pictures.get(sighting.id);
      else pictures.set(sighting.id, sighting.picture);
    }
    layer.set(points);
    for (const id of ["path-fit", "path-play", "path-share"]) byId(id).disabled = !points.length;
    const nothing = h("li", { class: "strip-empty" }, icon("path", "icon big"), gettext("No path yet. Confirm candidates, then build the path."));
    const listeners = { onSelect: select, onHover: layer.highlight, onPlay: play, onRemove: (stay) => sharing((made) => made.askReason(stay)) };
    strip.replaceChildren(...(points.length ? stripItems(points, listeners) : [nothing]));
    byId("path-summary").textContent = summary(points);
    byId("path-summary").title = summary(points);
    next.made?.refresh();
    compare();
  }

  /** Say so when what is confirmed is no longer what the path shows. */
  function compare() {
    others.made?.follow();
    if (points === null) return;
    const now = confirmed();
    const shown = new Set(points.map((point) => point.sighting.id));
    const isStale = now.size !== shown.size || [...now].some((id) => !shown.has(id));
    button.disabled = !now.size;
    button.classList.toggle("primary", isStale && now.size > 0);
    byId("path-stale").hidden = !(isStale && now.size && shown.size);
    button.textContent = shown.size ? gettext("Build path again") : gettext("Build path");
  }

  function select(number, isFromStrip = true) {
    markCard(strip, number, { isShown: !isFromStrip });
    layer.highlight(number);
    if (isFromStrip) layer.open(number);
  }

  function onDone() {
    toast(gettext("All of them were looked at."), { kind: "result", action: gettext("Build path again"), onAction: build });
  }

  function setView(view) {
    byId("path-panel").dataset.view = view;
    for (const radio of document.getElementsByName("strip-view")) radio.checked = radio.value === view;
    strip.hidden = view !== "path";
    byId("others-view").hidden = view !== "others";
    byId("next-view").hidden = view !== "next";
    for (const [name, part] of [["others", others], ["next", next]]) {
      if (part.made) part.made.setShown(view === name);
      else if (view === name) part((made) => made.setShown(byId("path-panel").dataset.view === name));
    }
  }

  byId("strip-views").addEventListener("change", ({ target }) => setView(target.value));
  button.addEventListener("click", build);
  byId("path-play").addEventListener("click", () => play());
  byId("path-share").addEventListener("click", () => sharing((made) => made.open()));
  byId("path-fit").addEventListener("click", () => fitTo(map, layer.places()));
  return { load, build, compare, play };
}
