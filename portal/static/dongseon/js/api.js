/** The portal's API: JSON in, JSON out, refusals as sentences that can be shown. */

const pageOf = document.querySelector("meta[name=page-of]")?.content ?? "";
/** Each log-in, in another tab too, brings another token. */
const csrfToken = () => document.cookie.match(/(?:^|; )csrftoken=(\w+)/)?.[1] ?? "";
const headersOf = (more) => ({ Accept: "application/json", "X-CSRFToken": csrfToken(), "X-Page-Of": pageOf, ...more });
const JSON_TYPE = { "Content-Type": "application/json" };

export class ApiError extends Error {
  constructor(message, status, content = null) {
    super(message);
    this.status = status;
    this.content = content;
  }
}

/** @returns {Promise<any>} the answer's JSON; throws ApiError with a sentence for the person */
export async function get(url, options = {}) {
  return send(url, { headers: headersOf(), ...options });
}

/** @returns {Promise<Response>} HTML; 403 where somebody else has logged in since */
export const getPage = (url) => fetch(url, { headers: headersOf({ Accept: "text/html" }) });

/** POST a FormData as it is, anything else as JSON. With a `key` of its own a request sent twice is carried out once. */
export async function post(url, body = {}, { key = null } = {}) {
  const isForm = body instanceof FormData;
  if (isForm) body.delete("csrfmiddlewaretoken"); // that of the page: it would count more than the header
  const headers = headersOf({ ...(isForm ? {} : JSON_TYPE), ...(key ? { "Idempotency-Key": key } : {}) });
  return send(url, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
}

/** PATCH, as JSON: what is to be changed. */
export async function patch(url, body) {
  return send(url, { method: "PATCH", headers: headersOf(JSON_TYPE), body: JSON.stringify(body) });
}

/** DELETE. */
export async function remove(url) {
  return send(url, { method: "DELETE", headers: headersOf() });
}

async function send(url, options) {
  let answer;
  try {
    answer = await fetch(url, { redirect: "manual", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(gettext("The portal does not answer. Check the network; what you entered is kept."), 0);
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) throw new ApiError(gettext("You are logged out. Log in again in a new tab, then repeat: what you entered is kept."), 401);
  const isJson = (answer.headers.get("content-type") ?? "").includes("json");
  const content = isJson ? await answer.json() : null;
  if (!answer.ok) throw new ApiError(sentences(content) || fallback(answer.status), answer.status, content);
  return content;
}

/** Flatten DRF's error shapes into text: {"detail": …}, {"field": ["…"]}, nested lists. */
function sentences(content) {
  if (!content) return "";
  if (typeof content === "string") return content;
  if (typeof content.detail === "string") return content.detail;
  if (Array.isArray(content)) return content.map(sentences).filter(Boolean).join(" ");
  return Object.values(content).map(sentences).filter(Boolean).join(" ");
}

function fallback(status) {
  if (status === 401 || status === 403) return gettext("You may not do this, or you were logged out. Reload the page.");
  if (status === 404) return gettext("This is no longer there. Reload the page.");
  if (status === 413) return gettext("The pictures are too large. Send fewer or smaller ones.");
  return gettext("The portal could not do this. Try again; if it stays, tell your administrator the time.");
}
