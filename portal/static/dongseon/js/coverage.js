/** What cameras recorded within some hours, as the portal tells it, and what of it a search would miss. */
import { get, post } from "./api.js";

const HOUR_MS = 3600000;
const IDS_AT_ONCE = 900; // so that an address stays below 8 kB
const ANALYSES_AT_ONCE = 200;
export const MOST_CAMERA_HOURS = 90000;
// A camera that misses less than this recorded all of it.
const SLACK_MS = 5000;
const UNREAD = new Set(["recorded", "failed"]);

/**
 * @param {number[]} ids which cameras
 * @param {number} from ms
 * @param {number} until ms
 * @returns {Promise<Map<number, Object[]>>} each camera's spans in time order, their times in ms
 */
export async function loadCoverage(ids, from, until, { isMerged = true } = {}) {
  const found = new Map();
  const atOnce = Math.max(1, Math.min(IDS_AT_ONCE, Math.floor(MOST_CAMERA_HOURS / ((until - from) / HOUR_MS))));
  for (let at = 0; at < ids.length; at += atOnce) {
    const query = new URLSearchParams({ cameras: ids.slice(at, at + atOnce).join(","), from: iso(from), until: iso(until), merge: isMerged });
    for (const { camera, spans } of await get(`/api/coverage/?${query}`)) found.set(camera, spans.map(readSpan));
  }
  return found;
}

const iso = (when) => new Date(when).toISOString();

function readSpan(span) {
  return { ...span, from: Date.parse(span.from), until: Date.parse(span.until), keptUntil: span.kept_until && Date.parse(span.kept_until) };
}

/**
 * How far these hours are recorded and analysed.
 * @returns {{whole: number[], silent: number[], unread: number[], running: number[], recordings: number}} numbers of cameras: recorded
 *   all of it, nothing, something that nobody analysed (in so many recordings), something that is being analysed
 */
export function assess(spansOf, ids, from, until) {
  const found = { whole: [], silent: [], unread: [], running: [], recordings: 0 };
  for (const id of ids) {
    const spans = (spansOf.get(id) ?? []).filter((span) => span.from < until && span.until > from);
    if (!spans.length) found.silent.push(id);
    else if (until - from - recordedMs(spans, from, until) < SLACK_MS) found.whole.push(id);
    const unread = spans.filter((span) => UNREAD.has(span.state));
    if (unread.length) found.unread.push(id);
    if (spans.some((span) => span.state === "analysing")) found.running.push(id);
    found.recordings += unread.reduce((sum, span) => sum + span.recordings, 0);
  }
  return found;
}

/** How much of the hours is recorded; spans may overlap. Between two files a recorder misses a moment, which is no gap. */
function recordedMs(spans, from, until) {
  let [reached, sum] = [from, 0];
  for (const span of spans) {
    const start = span.from - reached < SLACK_MS ? reached : Math.max(span.from, reached);
    const end = Math.min(span.until, until);
    if (end > start) sum += end - start;
    reached = Math.max(reached, end);
  }
  return sum;
}

/** Have analysed what of these hours nobody has analysed. @returns {Promise<number>} how many recordings were queued */
export async function analyseUnread(ids, from, until, onProgress = () => {}) {
  const spansOf = await loadCoverage(ids, from, until, { isMerged: false });
  const numbers = [...spansOf.values()].flat().filter((span) => UNREAD.has(span.state)).map((span) => span.recording);
  let queued = 0;
  for (let at = 0; at < numbers.length; at += ANALYSES_AT_ONCE) {
    queued += (await post("/api/coverage/analyses/", { recordings: numbers.slice(at, at + ANALYSES_AT_ONCE) })).queued;
    onProgress(queued);
  }
  return queued;
}
