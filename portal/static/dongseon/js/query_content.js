/** What of a query's pictures goes to the portal: looked at by the detector, turned, sent with a search. Items as in query.js. */
import "/jsi18n/later/";
import { post } from "./api.js";

// As the portal has it: a figure that fills so much of a picture means that the picture was already cut out.
const TIGHT_SHARE = 0.6;
// The first time a worker is asked it loads its detector: longer than an answer waits.
const AGAIN_MS = [1500, 4000];

/** What the detector sees in the picture: its best box is taken unless the person has drawn one. @returns {Promise<Object>} what to write into the item */
export async function look(item, { requestId, kind }) {
  try {
    const boxes = await patiently(() => (item.kind === "frame" ? inFrame(item, requestId, kind) : inPicture(item, kind)));
    if (!boxes.length) return { boxes, notice: kind === "vehicle" ? gettext("No vehicle found: draw a box.") : gettext("Nobody found: draw a box.") };
    return item.isMine || item.box ? { boxes } : { boxes, box: boxes[0] };
  } catch (error) {
    if (error.status === 400) return { error: error.message };
    return { notice: gettext("No box could be proposed now. Draw one, or the search chooses the clearest figure.") };
  }
}

async function patiently(ask, waits = AGAIN_MS) {
  try {
    return await ask();
  } catch (error) {
    if (error.status !== 503 || !waits.length) throw error;
    await new Promise((done) => { setTimeout(done, waits[0]); });
    return patiently(ask, waits.slice(1));
  }
}

async function inPicture(item, kind) {
  const form = new FormData();
  form.append("picture", await contentOf(item), item.name);
  form.append("kind", kind);
  const { width, height, boxes } = await post("/api/proposals/", form);
  const isTight = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1) >= TIGHT_SHARE * width * height;
  return boxes.map(({ box }) => (isTight(box) ? [0, 0, width, height] : box.map(Math.round)));
}

async function inFrame({ recording, at_s }, requestId, kind) {
  const found = await post(`/api/footage/${recording}/detections/`, { request: requestId, at_s });
  return found.filter((one) => one.kind === kind).map(({ box }) => box.map(Math.round));
}

/** The picture turned by 90°, as a file of its own. */
export async function turned(item) {
  const image = await createImageBitmap(await contentOf(item));
  const canvas = Object.assign(document.createElement("canvas"), { width: image.height, height: image.width });
  const paint = canvas.getContext("2d");
  paint.translate(image.height, 0);
  paint.rotate(Math.PI / 2);
  paint.drawImage(image, 0, 0);
  const content = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.95); });
  return new File([content], item.name, { type: "image/jpeg" });
}

/** Put pictures into a form: files with their boxes in the same order, what the portal has by number. */
export async function fillIn(form, items) {
  const boxes = [];
  for (const item of items.filter((row) => (row.kind === "file" || row.kind === "stored") && row.url)) {
    form.append("pictures", await contentOf(item), item.name);
    boxes.push(item.box ?? null);
  }
  form.append("boxes", JSON.stringify(boxes));
  for (const name of ["sighting", "attachment"]) {
    form.append(`${name}s`, JSON.stringify(items.filter((row) => row.kind === name).map((row) => row[name])));
  }
  const frames = items.filter((row) => row.kind === "frame").map(({ recording, at_s, box }) => ({ recording, at_s, box: box ?? null }));
  form.append("frames", JSON.stringify(frames));
}

const contentOf = async (item) => item.file ?? (await fetch(item.url)).blob();
