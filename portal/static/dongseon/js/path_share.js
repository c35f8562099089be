/** Sharing the path: words to the station, the answer, a file; and taking a stop off it, with a reason. */
import "/jsi18n/later/";
import { post } from "./api.js";
import { byId } from "./dom.js";
import { errorToast, toast } from "./toasts.js";

/** @param {{requestId: number, points: () => Object[], onRemoved: Function}} options */
export function addSharing({ requestId, points, onRemoved }) {
  const dialog = byId("share-dialog");

  function open() {
    const [agreed, all] = [points().filter((point) => point.is_agreed).length, points().length];
    const text = ngettext("%(agreed)s of %(all)s stop is shared: two people agree about it.", "%(agreed)s of %(all)s stops are shared: those that two people agree about.", all);
    byId("share-what").textContent = agreed ? interpolate(text, { agreed, all }, true)
      : gettext("Nothing can be shared yet: no stop has been confirmed by two people who looked independently.");
    byId("share-send").disabled = !agreed;
    byId("share-refusal").hidden = true;
    for (const link of dialog.querySelectorAll("[data-file]")) {
      if (agreed) link.href = link.dataset.file;
      else link.removeAttribute("href");
    }
    dialog.showModal();
  }

  async function send(event) {
    event.preventDefault();
    const button = byId("share-send");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await post(`/api/requests/${requestId}/path/share/`, { reason: byId("share-reason").value });
      byId("share-reason").value = "";
      dialog.close();
      toast(gettext("The station was told the path. It stands in the messages."), { tone: "success", action: gettext("Show"), onAction: () => byId("tab-talk").click() });
    } catch (error) {
      byId("share-refusal").textContent = error.message;
      byId("share-refusal").hidden = false;
    } finally {
      button.setAttribute("aria-busy", "false");
    }
  }

  byId("share-form").addEventListener("submit", send);
  return { open, askReason: addRemoving(onRemoved) };
}

function addRemoving(onRemoved) {
  const [dialog, form] = [byId("unstop-dialog"), byId("unstop-form")];
  let stay = null;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const reason = byId("unstop-reason").value.trim();
    const rows = stay.points.flatMap((point) => point.confirmed_by);
    try {
      for (const { candidate } of rows) await post(`/api/candidates/${candidate}/decision/`, { decision: "pending", seen: "confirmed", reason });
      toast(interpolate(gettext("Stop %s is off the path: its candidate is undecided again."), [stay.label]), { kind: "result" });
      dialog.close();
    } catch (error) {
      dialog.close();
      errorToast(error);
    }
    onRemoved(rows);
  });
  return (chosen) => {
    stay = chosen;
    byId("unstop-title").textContent = interpolate(gettext("Take stop %s off the path"), [stay.label]);
    byId("unstop-reason").value = "";
    dialog.showModal();
  };
}
