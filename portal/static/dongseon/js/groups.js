/** Saved groups of cameras: kept on the server for the whole centre. */
import { get, post, remove } from "./api.js";
import { signal } from "./dom.js";
import { errorToast } from "./toasts.js";

const URL = "/api/camera-groups/";

/** As the page knows them: `rows` is filled by `load`. */
export const groups = { rows: [], isLoaded: false, changed: signal(), load, save, drop };
let loading = null;

async function load({ isFresh = false } = {}) {
  if (isFresh || !groups.isLoaded) loading ??= get(URL).then(take).catch(errorToast).finally(() => { loading = null; });
  await loading;
}

function take(rows) {
  groups.rows = rows;
  groups.isLoaded = true;
  groups.changed.emit();
}

/** Save under a name; a group of that name becomes this one. @returns {Promise<boolean>} whether it is saved */
async function save(name, ids) {
  try {
    const saved = await post(URL, { name, cameras: [...ids] });
    take([...groups.rows.filter((row) => row.id !== saved.id), saved].sort((a, b) => a.name.localeCompare(b.name)));
    return true;
  } catch (error) {
    errorToast(error);
    return false;
  }
}

async function drop(group) {
  try {
    await remove(`${URL}${group.id}/`);
    take(groups.rows.filter((row) => row.id !== group.id));
  } catch (error) {
    errorToast(error);
  }
}
