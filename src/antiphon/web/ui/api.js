/** The JSON API: one way to ask, one kind of error. */

const ROOT = "/api/v1";

/** What the session lends to requests; `session.js` fills it in. */
export const credentials = {
  csrfToken: "",
  onExpired: () => {},
  /** Fetches a fresh token. @type {() => Promise<unknown>} */
  renew: async () => {},
};

/** An answer that is not a success, in the words of RFC 9457; status 0 = the server is away. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {number} retryAfter seconds
   */
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

/**
 * @typedef {object} Options
 * @property {unknown} [body]
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {boolean} [keepalive] let the request outlive the page
 */

/**
 * Asks and returns the raw response, whatever its status.
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {Options} options
 * @returns {Promise<Response>}
 */
export async function ask(method, path, { body, signal, headers = {}, keepalive } = {}) {
  /** @type {Record<string, string>} */
  const sent = { Accept: "application/json", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET") sent["X-CSRFToken"] = credentials.csrfToken;
  try {
    return await fetch(ROOT + path, {
      method,
      signal,
      keepalive,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "The server cannot be reached. Trying again when it is back.");
  }
}

/**
 * Asks and returns the decoded answer; throws a Problem for anything but success.
 * @param {string} method
 * @param {string} path
 * @param {Options} options
 * @returns {Promise<any>}
 */
export async function request(method, path, options = {}) {
  let response = await ask(method, path, options);
  if (method !== "GET" && response.status === 400 && (await blamesToken(response))) {
    await credentials.renew();
    response = await ask(method, path, options);
  }
  if (response.status === 401 && path !== "/session") credentials.onExpired();
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/**
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export const get = (path, signal) => request("GET", path, { signal });

/** @param {string} path */
export function query(path, /** @type {Record<string, string | number | undefined>} */ values) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== "") pairs.set(name, String(value));
  return pairs.size ? `${path}?${pairs}` : path;
}

/** A token that has grown old is renewed, not shown to the listener. @param {Response} response */
async function blamesToken(response) {
  const text = await response.clone().text();
  return /csrf/i.test(text);
}

/** @param {Response} response */
export async function problemOf(response) {
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail || problem.title || `The server answered ${response.status}.`;
  return new Problem(response.status, detail, Number(response.headers.get("Retry-After") ?? 0));
}
