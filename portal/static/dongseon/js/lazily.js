import { errorToast } from "./toasts.js";

/** A part whose script is fetched when it is first used; `made` is what it made, once it is there. */
export function lazily(load, make) {
  let coming = null;
  const use = (act) => {
    coming ??= load().then((script) => { use.made = make(script); });
    return coming.then(() => act(use.made)).catch((error) => { if (!use.made) coming = null; errorToast(error); });
  };
  use.made = null;
  return use;
}
