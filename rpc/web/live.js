// What happens, as it happens: the node's server-sent events, read with fetch() because an
// EventSource cannot show an API key. Without a connection the page says so, and goes on trying.

import { address, get, headers, pauseMs, ApiError } from "./api.js";

const PATH = "rpc/events";
const SILENCE_MS = 40_000;  // two heartbeats and a half
const POLL_MS = 800;
const POLLS_BETWEEN = 10;  // before the stream is tried again
const REFUSED_MS = 30_000;  // without a key there is nothing to be heard

/** @typedef {"connecting" | "live" | "polling" | "reconnecting" | "refused"} LiveState */

const target = new EventTarget();
let lastId = "";
let state = "connecting";
let known = null;  // the head, as the last poll told it
let wake = () => {};

/** Calls back for each event of the type, until the signal aborts. */
export function on(type, listener, signal) {
  target.addEventListener(type, (event) => listener(event.detail), { signal });
}
/** With the state of the connection, now and whenever it changes. */
export function onState(listener, signal) {
  on("connection", listener, signal);
  listener({ state });
}

/** Whether it is worth asking: not while the node wants another key than the page has. */
export const mayAsk = () => state !== "refused";
/** There is a key to be tried. */
export function retry() {
  enter("connecting");
  wake();
}

function tell(type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail }));
}
function enter(next, why = "") {
  if (next === state) return;
  state = next;
  tell("connection", { state, why });
}

/** One event of the stream from its lines (the format of server-sent events). */
function dispatch(lines) {
  let type = "message";
  const data = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;  // a comment
    const value = line.slice(colon + 1).replace(/^ /, "");
    const name = line.slice(0, colon);
    if (name === "event") type = value;
    else if (name === "data") data.push(value);
    else if (name === "id") lastId = value;
  }
  if (data.length > 0) tell(type, JSON.parse(data.join("\n")));
}

async function read(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) dispatch(block.split(/\r?\n/));
  }
}

async function listen() {
  const silence = new AbortController();
  let timer = 0;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENCE_MS);
  };
  alive();
  try {
    const more = { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) };
    const answer = await fetch(address(PATH), { headers: headers(more), signal: silence.signal });
    if (!answer.ok) {
      const body = await answer.json().catch(() => null);
      throw new ApiError(answer.status, body?.code, body?.detail ?? `status ${answer.status}`);
    }
    const missed = state !== "connecting" && lastId === "";
    enter("live");
    if (missed) tell("gap", {});
    await read(answer.body, alive);
  } finally {
    clearTimeout(timer);
  }
}

// Where streams do not get through (a proxy, as many listeners as may), news is asked for.
async function poll(why) {
  try {
    const head = await get("rpc/head");
    enter("polling", why);
    if (known && head.hash !== known.hash) tell("head", head);
    if (known && head.final_height !== known.final_height) {
      tell("final", { height: head.final_height, hash: head.final_hash });
    }
    known = head;
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  enter(error.needsKey ? "refused" : "reconnecting", error.message);
}

const pause = (ms) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  wake = () => {
    clearTimeout(timer);
    resolve();
  };
});

/** Goes on for as long as the page is open. */
export async function start() {
  for (;;) {
    let ended = new Error("the node ended the stream");
    try {
      await listen();
    } catch (error) {
      ended = error;
    }
    fail(ended);
    for (let i = 0; i < POLLS_BETWEEN && state !== "refused"; i++) {
      await poll(ended.message);
      await pause(Math.max(POLL_MS, pauseMs()));
      if (state !== "polling") break;
    }
    if (state === "refused") await pause(REFUSED_MS);
  }
}
