// Questions to the node that served the page. Addresses are relative to the page, so that it works
// at "/", at "/explorer", and behind a proxy.

const DEADLINE_MS = 20_000;
const KEY = "aitbc-api-key";  // kept as long as the tab is open

export class ApiError extends Error {
  /** @param {number} status 0: there was no answer */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
  get isMissing() { return this.status === 404; }
  get needsKey() { return this.status === 401 || this.status === 403; }
}

let notBefore = 0;  // the node was asked too often
/** How long to wait with the next question, in milliseconds. */
export const pauseMs = () => Math.max(0, notBefore - performance.now());

export const keepKey = (key) => {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
};
export const hasKey = () => sessionStorage.getItem(KEY) !== null;

export function headers(more = {}) {
  const key = sessionStorage.getItem(KEY);
  return key ? { ...more, "X-Api-Key": key } : more;
}

export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

// A 422 names what it cannot read in a list.
function wordsOf(detail) {
  if (!Array.isArray(detail)) return String(detail);
  return detail.map((each) => `${each.loc.at(-1)}: ${each.msg}`).join("; ");
}

async function ask(url, options, signal) {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const either = signal ? AbortSignal.any([signal, deadline]) : deadline;
  let answer;
  try {
    answer = await fetch(url, { ...options, signal: either });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const why = deadline.aborted ? `no answer within ${DEADLINE_MS / 1000} s` : "no connection";
    throw new ApiError(0, "unreachable", `The node does not answer: ${why}.`);
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  if (answer.status === 429) {
    const seconds = Number(answer.headers.get("Retry-After")) || 1;
    notBefore = performance.now() + 1000 * seconds;
  }
  const detail = body?.detail ?? `expected JSON, got status ${answer.status}`;
  throw new ApiError(answer.status, body?.code ?? "refused", wordsOf(detail));
}

/**
 * @param {string} path below the page, e.g. "rpc/head"
 * @param {Record<string, string | number | boolean>} [query]
 * @param {AbortSignal} [signal]
 */
export const get = (path, query, signal) =>
  ask(address(path, query), { headers: headers({ Accept: "application/json" }) }, signal);

export const post = (path, body, signal) => ask(address(path), {
  method: "POST",
  headers: headers({ "Content-Type": "application/json" }),
  body: JSON.stringify(body),
}, signal);

/** `missing` in place of a 404. */
export async function getOr(missing, path, query, signal) {
  try {
    return await get(path, query, signal);
  } catch (error) {
    if (error instanceof ApiError && error.isMissing) return missing;
    throw error;
  }
}

export const segment = encodeURIComponent;
