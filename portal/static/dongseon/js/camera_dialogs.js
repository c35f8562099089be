/** What asks for a reason: the dialogs about a camera's place and status. */
import { patch, post } from "./api.js";
import { statusName, STATUSES } from "./camera_page_list.js";
import { byId, h } from "./dom.js";
import { metres } from "./format.js";
import { distance } from "./geometry.js";

const DIGITS = 6;

/** @returns {{ask: (camera: Object, act: () => Promise<Object>) => void}} a dialog with a reason, sent by `act` */
function reasonDialog(name, { onDone, onCancel = () => {} }) {
  const dialog = byId(`${name}-dialog`);
  const form = dialog.querySelector("form.dialog-form");
  const [reason, alert, submit] = [byId(`${name}-reason`), byId(`${name}-alert`), form.querySelector("button.primary")];
  let act = null;
  let outcome = null;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    reason.setCustomValidity(reason.value.trim() ? "" : gettext("Say why."));
    if (!form.reportValidity()) return;
    submit.disabled = true;
    alert.hidden = true;
    try {
      outcome = await act(reason.value.trim());
      dialog.close();
    } catch (error) {
      alert.textContent = error.message;
      alert.hidden = false;
    } finally {
      submit.disabled = false;
    }
  });
  reason.addEventListener("input", () => reason.setCustomValidity(""));
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { if (outcome) onDone(outcome); else onCancel(); });
  return {
    ask(how) {
      act = how;
      outcome = null;
      reason.value = "";
      alert.hidden = true;
      dialog.showModal();
      reason.focus();
    },
  };
}

/**
 * Ask why a camera is moved, and move it.
 * @param {{onPlace: (place: number[]) => void, onDone: (camera: Object) => void, onCancel: () => void}} listeners
 *   `onPlace`: another place was typed
 */
export function createMoveDialog({ onPlace, onDone, onCancel }) {
  const dialog = reasonDialog("move", { onDone, onCancel });
  const [latitude, longitude] = [byId("move-latitude"), byId("move-longitude")];
  let seen = null;

  const read = () => [Number(latitude.value), Number(longitude.value)];
  function say() {
    if (!latitude.checkValidity() || !longitude.checkValidity()) return;
    byId("move-distance").textContent = metres(distance([seen.latitude, seen.longitude], read()));
    onPlace(read());
  }
  for (const field of [latitude, longitude]) field.addEventListener("input", say);
  return {
    /** @param {Object} camera as it was seen  @param {number[]} to where its marker lies now */
    ask(camera, to) {
      seen = { latitude: camera.latitude, longitude: camera.longitude };
      byId("move-name").textContent = `${camera.name} · ${camera.code}`;
      byId("move-from").textContent = `${camera.latitude.toFixed(DIGITS)}, ${camera.longitude.toFixed(DIGITS)}`;
      [latitude.value, longitude.value] = to.map((value) => value.toFixed(DIGITS));
      say();
      dialog.ask((reason) => {
        const [newLatitude, newLongitude] = read();
        return post(`/api/cameras/${camera.id}/position/`, { latitude: newLatitude, longitude: newLongitude, reason, seen });
      });
    },
  };
}

/** Ask for another status, and why. */
export function createStatusDialog({ onDone }) {
  const dialog = reasonDialog("status", { onDone });
  const choices = byId("status-choices");
  return {
    ask(camera) {
      byId("status-name").textContent = `${camera.name} · ${camera.code}`;
      choices.replaceChildren(...STATUSES.map((status) => h("label", { class: "check" },
        h("input", { type: "radio", name: "status", value: status, required: true, disabled: status === camera.status }),
        statusName(status), status === camera.status && h("span", { class: "muted small" }, gettext("(now)")))));
      dialog.ask((reason) => patch(`/api/cameras/${camera.id}/`, { status: choices.querySelector("input:checked").value, reason }));
    },
  };
}
