// What views are made of: links, times, tables, and panes that load, fail and refresh.

import { h, s, show } from "./dom.js";
import { ApiError, pauseMs, segment } from "./api.js";
import { age, localTime, number, parseTime, shorten, stateKind, stateWords, utcTime }
  from "./format.js";
import * as live from "./live.js";

// ---- links and values

async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = h("textarea", { readonly: true, class: "quiet" }, text);  // pages without TLS
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function copyButton(text, what) {
  const said = h("span", { class: "quiet", role: "status" });
  const icon = s("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
    s("rect", { x: 5.5, y: 5.5, width: 8, height: 8, rx: 1.5 }),
    s("path", { d: "M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" }));
  const button = h("button", {
    type: "button", class: "copy", title: `Copy the ${what}`, "aria-label": `Copy the ${what}`,
    onclick: async () => {
      await copyText(text);
      button.dataset.done = "";
      said.textContent = "Copied";
      setTimeout(() => { delete button.dataset.done; said.textContent = ""; }, 1500);
    },
  }, icon);
  return [button, said];
}

/** A long text, shortened, with its link and, unless it is to be brief, a button that copies it. */
function chip(text, href, what, { full = false, brief = false, label = null } = {}) {
  const words = label ?? (full ? text : brief ? shorten(text, 6, 4) : shorten(text));
  const inner = href ? h("a", { href, title: text }, words) : h("span", { title: text }, words);
  return h("span", { class: full ? "chip full" : "chip" }, inner,
    !brief && copyButton(text, what));
}

export const paths = {
  block: (ref) => `#/block/${segment(ref)}`,
  lost: (hash) => `#/block/${segment(hash)}?lost`,  // where to look for it first
  tx: (id) => `#/tx/${segment(id)}`,
  account: (address) => `#/account/${segment(address)}`,
};
export const blockLink = (height) => h("a", { href: paths.block(height) }, number(height));
export const blockHash = (hash, options) => chip(hash, paths.block(hash), "block hash", options);
export const txHash = (id, options) => chip(id, paths.tx(id), "transaction hash", options);
export const accountLink = (address, options) => address
  ? chip(address, paths.account(address), "address", options) : "—";
export const plainHash = (text, what, { href = null, ...options } = {}) =>
  chip(text, href, what, options);

/** A key of an authority, by the name of its node where that is known. */
export function authorityKey(key, names, options = {}) {
  if (!key) return "—";
  return chip(key, "#/authorities", "key", { label: names?.get(key), ...options });
}

export const units = (amount) => h("span", { class: "amount" }, number(amount));

export function stateBadge(state) {
  return h("span", { class: "state", "data-kind": stateKind(state) }, stateWords(state));
}
export const badge = (kind, words) => h("span", { class: "state", "data-kind": kind }, words);

// ---- times

const relative = new Set();
/** How long ago, kept up to date, with the time itself to be seen on it. */
export function ago(text) {
  const at = typeof text === "number" ? text : parseTime(text);
  const element = h("time", {
    datetime: new Date(at).toISOString(), title: `${localTime(at)} here, ${utcTime(at)}`,
  }, age(at));
  relative.add(new WeakRef(element));
  return element;
}
setInterval(() => {
  for (const reference of relative) {
    const element = reference.deref();
    if (!element?.isConnected) {
      relative.delete(reference);
      continue;
    }
    const words = age(Date.parse(element.dateTime));
    if (element.textContent !== words) element.textContent = words;
  }
}, 1000);

export function moment(text) {
  const at = parseTime(text);
  return h("span", null, ago(text), ` · ${localTime(at)} here · ${utcTime(at)}`);
}

// ---- shapes

/** @param {[string, ...unknown[]][]} rows pairs of a term and what it is; null rows are left out */
export const definitions = (rows) => h("dl", { class: "facts" },
  rows.filter(Boolean).map(([term, ...what]) => h("div", null, h("dt", null, term),
    h("dd", null, what))));

/**
 * @param {string} caption what the rows are, for those who do not see where they stand
 * @param {(string | {name: string, kind: string})[]} columns
 * @param {{cells: unknown[], kind?: string}[]} rows
 */
export function table(caption, columns, rows) {
  const kinds = columns.map((column) => column.kind ?? null);
  return h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": caption },
    h("table", null, h("caption", { class: "quiet" }, caption),
      h("thead", null, h("tr", null, columns.map((column, i) =>
        h("th", { scope: "col", class: kinds[i] }, column.name ?? column)))),
      h("tbody", null, rows.map(({ cells, kind }) => h("tr", { "data-kind": kind },
        cells.map((cell, i) => h("td", { class: kinds[i] }, cell)))))));
}
export const right = (name) => ({ name, kind: "right" });
export const words = (name) => ({ name, kind: "words" });

/** What stands behind a view, as programs get it. */
export const asTold = (value) => h("details", null, h("summary", null, "As the node tells it"),
  h("pre", { tabindex: 0 }, JSON.stringify(value, null, 2)));

export const note = (...words) => h("p", { class: "note" }, words);

/** Older and newer pages of a list whose newest row is row 0. */
export function pager(path, offset, limit, total) {
  if (total <= limit && offset === 0) return null;
  const to = (place) => `${path}?offset=${place}`;
  const last = Math.min(offset + limit, total);
  return h("nav", { class: "pager", "aria-label": "Pages" },
    offset > 0 ? h("a", { href: to(Math.max(0, offset - limit)) }, "← Newer") : null,
    h("span", null, `${number(Math.min(offset + 1, total))}–${number(last)} of ${number(total)}`),
    last < total ? h("a", { href: to(last) }, "Older →") : null);
}

// ---- panes

function failure(error, retry) {
  if (error.status === 401) return note("Waits for an API key: see above.");
  const words = error instanceof ApiError ? error.message : `The page failed: ${error.message}`;
  const what = error.status === 0 ? "The page goes on trying."
    : error.status === 429 ? "The page asks again when it may." : "";
  return h("div", { class: "failure", role: "alert" }, h("p", null, words, " ", what),
    h("button", { type: "button", onclick: retry }, "Try again"));
}

// Where the focus is, so that it stays when what has it is drawn again.
function focusIn(element) {
  const active = document.activeElement;
  if (!element.contains(active) || active === element) return () => {};
  const key = (node) => `${node.tagName} ${node.getAttribute("href")} ${node.title} ${node.id}`;
  const wanted = key(active);
  return () => [...element.querySelectorAll("a, button, input, [tabindex]")]
    .find((node) => key(node) === wanted)?.focus({ preventScroll: true });
}

const isSelecting = (element) => {
  const selection = getSelection();
  return selection && !selection.isCollapsed && element.contains(selection.anchorNode);
};

const PAUSE_MS = 500;  // between two loads of one part, however much happens

/**
 * A part of a view that loads, says why it cannot, and is loaded again on events. What was drawn
 * stays while it is loaded again, and is marked as stale when that fails.
 * @param {{signal: AbortSignal}} view
 * @param {{load: (signal: AbortSignal) => Promise<T>, draw: (value: T) => unknown,
 *          events?: string[], concerns?: (tx: object) => boolean, every?: number}} options
 *   `concerns` picks from the events of transactions; `every` so many milliseconds without one
 * @template T
 */
export function pane(view, { load, draw, events = [], concerns = () => true, every = 0 }) {
  const element = h("section", { class: "pane", "aria-busy": "true" }, note("Loading."));
  let last = null;
  let running = false;
  let again = false;
  let failed = false;
  let asked = 0;
  const refresh = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    asked = performance.now();
    try {
      const value = await load(view.signal);
      const text = JSON.stringify(value);
      failed = false;
      delete element.dataset.stale;
      if (text !== last && !isSelecting(element)) {
        const refocus = focusIn(element);
        show(element, await draw(value));
        refocus();
        last = text;
      }
    } catch (error) {
      if (view.signal.aborted) return;
      failed = true;
      if (error.status === 429) again = true;
      if (last === null) show(element, failure(error, refresh));
      else element.dataset.stale = "not up to date: " + error.message;
    } finally {
      element.setAttribute("aria-busy", "false");
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(PAUSE_MS, pauseMs())));
    running = false;
    if (again && !view.signal.aborted) {
      again = false;
      refresh();
    }
  };
  for (const event of [...events, "gap"]) {
    live.on(event, (detail) => (event !== "transaction" || concerns(detail)) && refresh(),
      view.signal);
  }
  live.onState(({ state }) => {
    if ((state === "live" || state === "polling") && failed) refresh();
  }, view.signal);
  if (every > 0) {
    const due = () => performance.now() - asked >= every && !document.hidden && live.mayAsk();
    const timer = setInterval(() => due() && refresh(), every);
    view.signal.addEventListener("abort", () => clearInterval(timer));
  }
  refresh();
  return element;
}
