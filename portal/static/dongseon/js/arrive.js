/**
 * What an address asks the workspace to begin with, as links from the watch list do: footage of a camera at a moment
 * (#footage=7@2026-11-20T03:00:00Z), or a sighting to search by (#sighting=55).
 */
import "/jsi18n/later/";
import { toast } from "./toasts.js";

const FOOTAGE = /^#footage=(\d+)@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/;
const SIGHTING = /^#sighting=(\d+)$/;

/** @param {{query: Object, isSearchable: () => boolean}} options */
export function arrive({ query, isSearchable }) {
  const [, camera, at] = FOOTAGE.exec(location.hash) ?? [];
  if (camera) document.dispatchEvent(new CustomEvent("footage:open", { detail: { camera: Number(camera), at } }));
  const [, sighting] = SIGHTING.exec(location.hash) ?? [];
  if (!sighting || !isSearchable()) return;
  const url = `/pictures/sightings/${sighting}.jpg`;
  query.add({ kind: "sighting", sighting: Number(sighting), url, name: gettext("sighting of an alert") });
  toast(gettext("Added to the query. Press Search to look for it."), { kind: "result" });
  history.replaceState(null, "", location.pathname); // reloaded, the page must not add it again
}
