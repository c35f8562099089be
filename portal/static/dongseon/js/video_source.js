/** What a video element plays: the file itself where the browser can, else pieces that are fetched one by one. */

const AHEAD = 4;
const KEPT_S = 24;
const RETRY_MS = 400;
// What the portal makes of recordings whose own coding a browser does not play.
const ENCODED = 'video/mp4; codecs="avc1.42E020"';

/** Why nothing plays; `isOld`: the address may have run out, a new one may help. */
export class SourceError extends Error {
  constructor(message, { isOld = false } = {}) {
    super(message);
    this.isOld = isOld;
  }
}

async function refusal(answer) {
  const said = await answer?.json().catch(() => null);
  const fallback = answer ? gettext("This part of the recording cannot be read.") : gettext("The portal does not answer. Check the network.");
  return new SourceError(said?.detail ?? fallback, { isOld: answer?.status === 403 });
}

/**
 * @param {HTMLVideoElement} video
 * @param {Object} footage  the answer of /api/footage/
 * @param {(error: SourceError) => void} onError
 * @returns {{fill: () => void, close: () => void}}
 */
export function openSource(video, footage, onError) {
  const gone = new AbortController();
  const source = footage.is_native ? file(video, footage) : pieces(video, footage, onError, gone.signal);
  // A pass that has run out looks like a broken file: asking for a fresh one tells them apart.
  const fail = () => onError(new SourceError(gettext("The recording cannot be played."), { isOld: true }));
  video.addEventListener("error", fail, { signal: gone.signal });
  return {
    fill: source.fill,
    close() {
      gone.abort();
      video.removeAttribute("src");
      video.load();
      source.close();
    },
  };
}

function file(video, footage) {
  video.src = footage.video;
  return { fill() {}, close() {} };
}

function pieces(video, footage, onError, signal) {
  const { segment_s: size, recording } = footage;
  const media = new MediaSource();
  const url = URL.createObjectURL(media);
  const had = new Set();
  const last = Math.max(0, Math.ceil(recording.duration_s / size) - 1);
  let buffer = null;
  let fetching = null;
  let refused = null;
  let address = footage.segments;

  media.addEventListener("sourceopen", () => {
    media.duration = recording.duration_s;
    const isCopied = MediaSource.isTypeSupported(footage.mime);
    if (!isCopied) address += "&encode=1";
    buffer = media.addSourceBuffer(isCopied ? footage.mime : ENCODED);
    fill();
  }, { once: true, signal });
  video.src = url;

  const current = () => Math.min(last, Math.floor(video.currentTime / size));

  function wanted() {
    const first = current();
    for (let n = first; n <= Math.min(last, first + AHEAD); n += 1) if (!had.has(n)) return n < refused?.n ? n : refused ? null : n;
    return null;
  }

  /** Fetch the next piece that is missing; what is on its way for another place is dropped. */
  async function fill() {
    // A piece that cannot be had matters once it is reached: until then its forerunners play.
    if (refused && (current() >= refused.n || video.currentTime > refused.n * size - 0.3)) return onError(refused.error);
    if (fetching && (fetching.n < current() || fetching.n > current() + AHEAD)) fetching.stop.abort();
    const n = wanted();
    if (!buffer || fetching || n === null || document.hidden || signal.aborted) return;
    fetching = { n, stop: new AbortController() };
    try {
      const content = await piece(n, AbortSignal.any([signal, fetching.stop.signal]));
      await append(n, content);
      if (n >= last && media.readyState === "open" && had.has(last)) media.endOfStream();
    } catch (error) {
      if (error.name !== "AbortError") refused = { n, error };
    } finally {
      fetching = null;
    }
    return fill();
  }

  async function append(n, content) {
    const from = Math.max(0, Math.floor((video.currentTime - KEPT_S) / size));
    const until = current() + AHEAD + 1;
    if ([...had].some((one) => one < from) && from) await change(() => buffer.remove(0, from * size));
    if ([...had].some((one) => one > until)) await change(() => buffer.remove((until + 1) * size, Infinity));
    for (const one of had) if (one < from || one > until) had.delete(one);
    await change(() => buffer.appendBuffer(content));
    had.add(n);
  }

  function change(act) {
    signal.throwIfAborted();
    return new Promise((resolve) => {
      buffer.addEventListener("updateend", resolve, { once: true });
      act();
    });
  }

  async function piece(n, stop) {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await fetch(address.replace("{n}", n), { signal: stop }).catch((error) => {
        if (error.name === "AbortError") throw error;
      });
      if (answer?.ok) return answer.arrayBuffer();
      if (attempt || answer?.status === 403 || answer?.status === 404) throw await refusal(answer);
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }

  return { fill, close: () => URL.revokeObjectURL(url) };
}
