/** Where next: cameras that the target can have reached, ranked, ringed on the map, and searched with one press. */
import "/jsi18n/later/";
import { get } from "./api.js";
import { byId, debounce, h, icon, token } from "./dom.js";
import { clock, duration, metres, percent, shortWhen } from "./format.js";
import { fitTo } from "./map.js";
import { themeChanged } from "./page.js";

const MOST_CHOSEN = 20;
const NOW_UP_TO_MIN = 90;
const WAIT_MS = 180;
const MOST_PICTURES = 10;

/**
 * @param {{map: L.Map, requestId: number, points: () => Object[], query: Object, timeRange: Object, start: Function, isSearchable: () => boolean}} options
 */
export function addWhereNext({ map, requestId, points, query, timeRange, start, isSearchable }) {
  const [from, slider, list] = [byId("next-from"), byId("next-minutes"), byId("next-list")];
  const layer = L.layerGroup();
  const chosen = new Set();
  let [answer, isUntilNow, isShown, turn] = [null, false, false, 0];

  function setShown(value) {
    isShown = value;
    if (!isShown) return layer.remove();
    layer.addTo(map);
    fillStops();
    return load({ isFitted: true });
  }

  /** From which stop: the last one, unless another is chosen. */
  function fillStops() {
    const kept = from.value;
    const rows = [...points()].reverse();
    from.replaceChildren(h("option", { value: "" }, gettext("the last stop")),
      ...rows.map(({ number, sighting }) => h("option", { value: sighting.id }, `${number} · ${clock(sighting.last_seen_at)} ${sighting.camera_name}`)));
    from.value = rows.some(({ sighting }) => String(sighting.id) === kept) ? kept : "";
    const last = rows[0]?.sighting;
    const ago = last ? (Date.now() - Date.parse(last.last_seen_at)) / 60000 : Infinity;
    if (!answer) isUntilNow = ago <= NOW_UP_TO_MIN;
  }

  async function load({ isFitted = false } = {}) {
    const mine = ++turn;
    showMinutes();
    const asked = new URLSearchParams(isUntilNow ? {} : { minutes: slider.value });
    if (from.value) asked.set("from", from.value);
    list.setAttribute("aria-busy", "true");
    try {
      const found = await get(`/api/requests/${requestId}/next/?${asked}`);
      if (mine !== turn) return;
      answer = found;
      choose();
      draw();
      if (!isFitted) return;
      const reach = L.latLng(origin()).toBounds(2 * answer.rings.possible_m);
      fitTo(map, [reach.getSouthWest(), reach.getNorthEast()]);
    } catch (error) {
      if (mine === turn) fail(error);
    } finally {
      if (mine === turn) list.setAttribute("aria-busy", "false");
    }
  }

  function fail(error) {
    answer = null;
    layer.clearLayers();
    list.replaceChildren(h("li", { class: "strip-empty" }, icon("pin", "icon big"), h("p", {}, error.message)));
    showChosen();
    byId("next-summary").textContent = "";
  }

  /** At first: what can be searched and was not, the likeliest of it. */
  function choose() {
    chosen.clear();
    const open = answer.cameras.filter((row) => row.is_in_scope && row.recorded > 0 && !row.is_searched);
    const likely = open.filter((row) => row.is_likely);
    const most = Math.min(MOST_CHOSEN, answer.cameras_left ?? MOST_CHOSEN);
    for (const row of (likely.length ? likely : open).slice(0, most)) chosen.add(row.camera);
  }

  const origin = () => [answer.origin.latitude, answer.origin.longitude];

  function showMinutes() {
    byId("next-now").setAttribute("aria-pressed", String(isUntilNow));
    const span = answer && isUntilNow ? (Date.parse(answer.ends_at) - Date.parse(answer.starts_at)) / 1000 : slider.value * 60;
    byId("next-minutes-value").textContent = isUntilNow && !answer ? "…" : duration(span);
    slider.classList.toggle("off", isUntilNow);
  }

  function draw() {
    showMinutes();
    const { origin: { heading_deg: heading, heading_source: source }, total } = answer;
    const way = heading === null ? "" : interpolate(source === "track" ? gettext("going %s, by the track") : gettext("going %s, by the last hop"), [compass(heading)]);
    byId("next-summary").textContent = [interpolate(ngettext("%s camera within reach", "%s cameras within reach", total), [total]), way,
      !answer.is_within_hours && gettext("these hours are out of scope")].filter(Boolean).join(" · ");
    list.replaceChildren(...answer.cameras.map(item));
    if (!answer.cameras.length) list.append(h("li", { class: "strip-empty" }, gettext("No camera is within reach in this time. Give it more minutes.")));
    drawMap();
    showChosen();
  }

  function item(row, at) {
    const marks = [!row.is_in_scope && ["out", gettext("out of scope")], row.is_searched ? ["done", gettext("searched")] : row.searched > 0 && ["done", gettext("partly searched")],
      row.recorded === 0 && ["out", gettext("no recording")], row.recorded > 0 && row.recorded < 0.95 && ["", interpolate(gettext("recorded: %s"), [percent(row.recorded)])],
      row.is_ahead && ["ahead", gettext("ahead")]].filter(Boolean);
    const away = `${metres(row.distance_m)} · ${interpolate(gettext("there after %s"), [duration(Math.max(60, Math.round(row.arrives_s / 60) * 60))])}`;
    return h("li", { class: `next-row${row.is_searched || !row.recorded || !row.is_in_scope ? " pale" : ""}`, onmouseenter: () => focus(row.camera), onmouseleave: () => focus(null) },
      h("label", {}, h("input", { type: "checkbox", checked: chosen.has(row.camera), disabled: !row.is_in_scope,
        onchange: ({ target }) => { target.checked ? chosen.add(row.camera) : chosen.delete(row.camera); drawMap(); showChosen(); } }),
      h("b", { class: "next-rank" }, String(at + 1)),
      h("span", { class: "next-name" }, h("span", { class: "one-line" }, row.name), h("span", { class: "muted small" }, away)),
      h("span", { class: "next-bar", title: row.is_likely ? gettext("likely: at the usual pace") : gettext("possible: at a brisk pace") },
        h("i", { class: row.is_likely ? "" : "faint", style: { width: `${Math.max(3, 100 * row.likelihood)}%` } })),
      h("span", { class: "next-marks small" }, ...marks.map(([tone, text]) => h("span", { class: tone }, text)))));
  }

  function drawMap() {
    layer.clearLayers();
    if (!answer) return;
    const { likely_m: likely, possible_m: possible } = answer.rings;
    const colour = token("--accent");
    const ring = (radius, options) => layer.addLayer(L.circle(origin(), { radius, interactive: false, color: colour, weight: 1.5, fillColor: colour, ...options }));
    ring(possible, { dashArray: "6 6", fillOpacity: 0.04 });
    ring(likely, { fillOpacity: 0.07 });
    const minutes = duration(Math.max(60, (Date.parse(answer.ends_at) - Date.parse(answer.starts_at)) / 1000)).split(" ").slice(0, 4).join(" ");
    words(likely, interpolate(gettext("%s: likely"), [minutes]));
    words(possible, interpolate(gettext("%s: possible"), [minutes]));
    answer.cameras.forEach((row, at) => {
      if (!chosen.has(row.camera)) return;
      layer.addLayer(L.marker([row.latitude, row.longitude], { interactive: false, keyboard: false,
        icon: L.divIcon({ className: "next-sign", html: String(at + 1), iconSize: [0, 0], iconAnchor: [-7, 18] }) }));
    });
  }

  function words(radius, text) {
    const [latitude, longitude] = origin();
    layer.addLayer(L.marker([latitude + radius / 111195, longitude], { interactive: false, keyboard: false,
      icon: L.divIcon({ className: "ring-words", html: h("span", {}, text), iconSize: [0, 0] }) }));
  }

  const focus = (camera) => document.dispatchEvent(new CustomEvent("camera:focus", { detail: { camera, pan: false } }));

  function showChosen() {
    const text = ngettext("Choose %s camera", "Choose %s cameras", chosen.size);
    byId("next-choose").textContent = interpolate(text, [chosen.size]);
    for (const id of ["next-choose", "next-search"]) byId(id).disabled = !chosen.size || !answer || !isSearchable();
  }

  /** Put cameras, hours and the path's pictures into the search form; nothing is searched yet. */
  function prepare() {
    document.dispatchEvent(new CustomEvent("cameras:choose", { detail: { cameras: [...chosen], mode: "set" } }));
    timeRange.write(answer.starts_at, answer.ends_at);
    const there = new Set(query.items.map((item) => item.sighting));
    const fresh = points().map((point) => point.sighting).filter((sighting) => !there.has(sighting.id));
    for (const sighting of fresh.slice(-Math.max(0, MOST_PICTURES - query.items.length))) {
      query.add({ kind: "sighting", sighting: sighting.id, url: sighting.picture, name: `${sighting.camera_name} ${shortWhen(sighting.seen_at)}` });
    }
    byId("tab-search").click();
    byId("start-search").focus();
  }

  const reload = debounce(load, WAIT_MS);
  slider.addEventListener("input", () => { isUntilNow = false; showMinutes(); reload({ isFitted: true }); });
  byId("next-now").addEventListener("click", () => { isUntilNow = !isUntilNow; load({ isFitted: true }); });
  from.addEventListener("change", () => load({ isFitted: true }));
  byId("next-choose").addEventListener("click", prepare);
  byId("next-search").addEventListener("click", () => { prepare(); start(); });
  themeChanged.on(drawMap);
  return { setShown, refresh: () => isShown && (fillStops(), load()) };
}

/** The names of eight directions. */
const compass = (degrees) => [gettext("north"), gettext("north-east"), gettext("east"), gettext("south-east"), gettext("south"), gettext("south-west"),
  gettext("west"), gettext("north-west")][Math.round(degrees / 45) % 8];
