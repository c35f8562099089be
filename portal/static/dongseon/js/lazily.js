/** What is not needed for a page's first view, and is fetched later. */
import { toast } from "./toasts.js";

const IDLE_WITHIN_MS = 500;
const whenIdle = globalThis.requestIdleCallback ?? setTimeout;
const waiting = [];

/** `import()`; that nothing came, which browsers say in English, is said in words. */
export const fetched = (coming) => coming.catch((cause) => {
  if (!(cause instanceof TypeError)) throw cause;
  throw new Error(gettext("A part of this page could not be loaded. Check the network and try again."), { cause });
});

/**
 * A part whose script is fetched when it is first used; `made` is what it made, once it is there. What goes wrong is said; where the
 * script did not come, the next use fetches it again.
 */
export function lazily(load, make) {
  let coming = null;
  const use = (act) => {
    coming ??= fetched(load()).then((script) => { use.made = make(script); });
    return coming.then(() => act(use.made)).catch(({ message }) => {
      if (!use.made) coming = null;
      toast(message, { tone: "error", kind: "part" });
    });
  };
  use.made = null;
  return use;
}

/** Have `load` called once the first view stands: what is used soon is there by then. @returns {Function} `load` itself */
export function soon(load) {
  waiting.push(load);
  return load;
}

/** The first view stands: fetch the rest as soon as the page has nothing else to do. */
export function fetchRest() {
  performance.mark("first-view");
  whenIdle(() => waiting.forEach((load) => load().catch(() => {})), { timeout: IDLE_WITHIN_MS }); // its first use says what is wrong
}
