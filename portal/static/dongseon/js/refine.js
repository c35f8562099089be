/** Rank again with what was decided: the confirmed join the query, the rejected push away. */
import { post } from "./api.js";
import { byId } from "./dom.js";
import { isOpen } from "./search_form.js";
import { errorToast, toast } from "./toasts.js";

/** @param {{onRefined: (search: Object) => void, settle: () => Promise}} options  `settle`: once all that was decided is kept */
export function addRefine({ onRefined, settle }) {
  const [bar, button] = [byId("refine-bar"), byId("refine")];
  let current = null;

  /** Offer it once a search has ended and there are decisions that a refinement would use, and none has used. */
  function show(search) {
    current = search;
    bar.hidden = !search.can_refine || isOpen(search);
    if (bar.hidden) return;
    byId("refine-what").textContent = interpolate(gettext("%(confirmed)s confirmed, %(rejected)s rejected"), search.usable_decisions, true);
  }

  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await settle(); // or what was decided just now might not count
      const row = await post(`/api/searches/${current.id}/refine/`);
      bar.hidden = true;
      toast(gettext("Ranked again as a new search; this one stays as it is."), { kind: "result" });
      onRefined(row);
    } catch (error) {
      errorToast(error);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return { show };
}
