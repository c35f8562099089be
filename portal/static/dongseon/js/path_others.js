/** Other paths: those that undecided candidates would make, beside each other, as thin lines on the map, to be looked into. */
import "/jsi18n/later/";
import { get } from "./api.js";
import { byId, h, icon, token } from "./dom.js";
import { clock, duration, metres, shortWhen, similarity, speed } from "./format.js";
import { fitTo } from "./map.js";
import { themeChanged } from "./page.js";
import { placeOf, plateDoubt, plateOf } from "./stays.js";
import { errorToast } from "./toasts.js";

const LETTERS = "ABC";
const DASHES = [null, "9 6", "2 6"];

/**
 * @param {{map: L.Map, requestId: number, show: (candidate: number, search: number) => Promise,
 *   decisionOf: (candidate: number) => string|undefined, onDone: Function}} options  `show` puts a candidate in focus
 */
export function addOtherPaths({ map, requestId, show, decisionOf, onDone }) {
  const box = byId("others-view");
  const layer = L.layerGroup();
  const shown = new Set([0]);
  let answer = null;
  let review = null;
  let turn = 0;

  async function load({ isFitted = false } = {}) {
    const mine = ++turn;
    if (!answer) say(h("span", { class: "skeleton-card" }), h("span", { class: "skeleton-card" }));
    try {
      const found = await get(`/api/requests/${requestId}/path/alternatives/`);
      if (mine !== turn) return;
      answer = found;
      draw();
      if (isFitted) fitTo(map, answer.paths.flatMap((path) => path.stops.map(placeOf)));
    } catch (error) {
      if (mine === turn) say(h("p", { class: "notice bad" }, error.message), h("button", { type: "button", class: "button small", onclick: () => load() }, gettext("Try again")));
    }
  }

  const say = (...children) => box.replaceChildren(h("div", { class: "strip-empty" }, ...children));

  function draw() {
    if (!answer) return;
    if (review) drawReview();
    else if (answer.paths.length) box.replaceChildren(h("ol", { class: "others" }, ...answer.paths.map(card)));
    else say(icon("path", "icon big"), h("p", {}, answer.undecided ? gettext("No undecided candidate could have been on this path: too far for the time, or not alike enough.")
      : gettext("No alternatives: there is no undecided candidate that you know of.")));
    drawMap();
  }

  function card(path, at) {
    const added = path.stops.filter((stop) => stop.is_added);
    const words = ngettext("adds %s candidate", "adds %s candidates", added.length);
    const name = interpolate(gettext("Show path %s on the map"), [LETTERS[at]]);
    const against = objections(path);
    return h("li", { class: "other", dataset: { path: at } },
      h("div", { class: "other-head" },
        h("label", { class: "other-switch", title: name }, h("input", { type: "checkbox", checked: shown.has(at), "aria-label": name,
          onchange: ({ target }) => { target.checked ? shown.add(at) : shown.delete(at); drawMap(); } }), h("b", { class: `other-letter path-${at}` }, LETTERS[at])),
        h("b", {}, interpolate(words, [added.length])),
        h("span", { class: "muted small", title: gettext("How much more likely than the path as it is, in log-odds; no measured probability") }, signed(path.gain)),
        h("span", { class: "muted small" }, [metres(path.length_m), duration(path.duration_s)].filter(Boolean).join(" · ")),
        h("span", { class: "spacer" }),
        h("button", { type: "button", class: "button small primary", onclick: () => accept(at) }, gettext("Look into these"))),
      h("ul", { class: "other-stops" }, ...added.map((stop) => h("li", { dataset: { kind: stop.sighting.kind } },
        h("button", { type: "button", title: why(stop), onclick: () => show(stop.candidate, stop.search).catch(errorToast), onmouseenter: () => ring(stop), onmouseleave: () => ring(null) },
          h("img", { src: stop.sighting.picture, alt: "", loading: "lazy" }),
          h("span", {}, h("b", {}, clock(stop.sighting.first_seen_at)), h("span", { class: "one-line" }, stop.sighting.camera_name),
            plateOf(stop.sighting) && h("span", { class: "path-plate" }, plateOf(stop.sighting)),
            h("span", { class: "muted" }, `${similarity(stop.similarity)} · ${signed(stop.score)}`)))))),
      against.length > 0 && h("ul", { class: "other-against" }, ...against.slice(0, 3).map((text) => h("li", {}, icon("warning"), text))));
  }

  function why({ evidence, haste_cost: haste, unseen_cost: unseen, hop }) {
    return [`${gettext("likeness")} ${signed(evidence)}`, haste > 0.05 && `${gettext("haste")} ${signed(-haste)}`, unseen > 0.05 && `${gettext("time unseen")} ${signed(-unseen)}`,
      hop && `${metres(hop.distance_m)} · ${duration(hop.duration_s)} ${speed(hop.speed_mps)}`].filter(Boolean).join("\n");
  }

  // ── On the map: only what differs from the path as it is ──

  function drawMap() {
    layer.clearLayers();
    (answer?.paths ?? []).forEach((path, at) => {
      if (!shown.has(at)) return;
      const colour = token(`--path-${at}`);
      path.stops.forEach((stop, n) => {
        const before = path.stops[n - 1];
        if (before && (stop.is_added || before.is_added)) {
          layer.addLayer(L.polyline([placeOf(before), placeOf(stop)], { pane: "path", interactive: false, weight: 2.2, color: colour, dashArray: DASHES[at] }));
        }
        if (stop.is_added) layer.addLayer(sign(stop, at));
      });
    });
  }

  function sign(stop, at) {
    const words = `${LETTERS[at]}: ${stop.sighting.camera_name}, ${clock(stop.sighting.first_seen_at)}`;
    // The letters of paths that go through the same stop stand beside each other.
    return L.marker(placeOf(stop), { title: words, alt: words, icon: L.divIcon({ className: `other-sign path-${at}`, html: LETTERS[at], iconSize: [18, 18], iconAnchor: [26 - at * 17, -4] }) })
      .on("click", () => show(stop.candidate, stop.search).catch(errorToast));
  }

  const ring = (stop) => document.dispatchEvent(new CustomEvent("camera:focus", { detail: { camera: stop?.sighting.camera ?? null, pan: false } }));

  // ── Accepting: each added candidate is put before a person, one by one; nothing is confirmed here ──

  function accept(at) {
    const rows = answer.paths[at].stops.filter((stop) => stop.is_added);
    review = { letter: LETTERS[at], rows, at: 0 };
    fitTo(map, answer.paths[at].stops.map(placeOf));
    open();
  }

  function open() {
    drawReview();
    const { candidate, search } = review.rows[review.at];
    show(candidate, search).catch((error) => { errorToast(error); advance(); });
  }

  function advance() {
    review.at += 1;
    // Later: whoever has just decided goes on to the next candidate of the list first.
    if (review.at < review.rows.length) return void setTimeout(open, 0);
    review = null;
    onDone();
    return load();
  }

  function drawReview() {
    const { rows, at, letter } = review;
    const { sighting, similarity: alike } = rows[at];
    box.replaceChildren(h("div", { class: "other-review", dataset: { kind: sighting.kind } },
      h("img", { src: sighting.picture, alt: "" }),
      h("div", {}, h("p", { role: "status" }, h("b", {}, interpolate(gettext("Path %(letter)s: candidate %(at)s of %(count)s"), { letter, at: at + 1, count: rows.length }, true))),
        h("p", {}, [sighting.camera_name, shortWhen(sighting.first_seen_at), similarity(alike), plateOf(sighting)].filter(Boolean).join(" · ")),
        h("p", { class: "muted small" }, gettext("Compare it on the right, then confirm (Y) or reject (N) it there. Nothing is confirmed without you."))),
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "button small", onclick: advance }, gettext("Leave undecided")),
      h("button", { type: "button", class: "button small quiet", onclick: () => { review = null; draw(); } }, gettext("Stop"))));
  }

  themeChanged.on(drawMap);
  return {
    load,
    /** A decision was made, here or elsewhere. */
    follow() {
      const row = review?.rows[review.at];
      if (row && ["confirmed", "rejected"].includes(decisionOf(row.candidate))) advance();
    },
    setShown(isShown) { isShown ? layer.addTo(map) : layer.remove(); if (isShown) load({ isFitted: true }); },
  };
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

/** What speaks against a path, the worst first. */
function objections({ stops, rivals }) {
  const name = (stop) => `${stop.sighting.camera_name} (${clock(stop.sighting.first_seen_at)})`;
  const hop = (stop, text) => interpolate(text, { from: name(stops[stop.number - 2]), to: name(stop), speed: speed(stop.hop.speed_mps) }, true);
  return [
    ...stops.filter((stop) => stop.hop?.is_impossible).map((stop) => hop(stop, gettext("Nobody could have gone from %(from)s to %(to)s in this time."))),
    ...stops.map(plateDoubt).filter(Boolean).slice(0, 1),
    ...rivals.map((row) => interpolate(gettext("Another alike (%(score)s) was at %(camera)s at %(time)s: both cannot be right."), { score: similarity(row.similarity), camera: row.camera_name, time: clock(row.seen_at) }, true)),
    ...stops.filter((stop) => stop.is_hasty).map((stop) => hop(stop, gettext("From %(from)s to %(to)s at %(speed)s: running."))),
    ...stops.filter((stop) => stop.is_added && stop.evidence < 0).map((stop) => interpolate(gettext("%s is hardly alike."), [name(stop)])),
  ];
}
