// The last minutes in figures, gathered for as long as the page is open: how far each node lags,
// and how long transactions take, by the node's own clock.

import { pauseMs } from "./api.js";
import { bestHeight, network, nodeName, nodesOf } from "./chain.js";
import { parseTime } from "./format.js";
import * as live from "./live.js";

export const WINDOW_MS = 5 * 60_000;
const SAMPLE_MS = 3000;
const WAITING_MAX = 10_000;  // transactions whose fate is awaited

/** @typedef {{time: number, value: number}} Point */

/** @type {Map<string, Point[]>} blocks behind the best head, by the names of nodes */
export const lags = new Map();
/** @type {Point[]} milliseconds from a transaction's arrival here */
export const inclusion = [];
/** @type {Point[]} */
export const finality = [];

const waiting = new Map();

function add(points, time, value) {
  points.push({ time, value });
  while (points.length > 0 && points[0].time < Date.now() - WINDOW_MS) points.shift();
}

async function sample() {
  if (!live.mayAsk() || pauseMs() > 0) return;
  const nodes = nodesOf(await network(SAMPLE_MS / 2));
  const best = bestHeight(nodes);
  for (const node of nodes) {
    const name = nodeName(node);
    if (!lags.has(name)) lags.set(name, []);
    if (node.head) add(lags.get(name), Date.now(), best - node.head.height);
  }
}

function follow({ time, tx_hash: id, status }) {
  const at = parseTime(time);
  const since = waiting.get(id);
  if (status === "pending" && since === undefined) {
    waiting.set(id, at);
    if (waiting.size > WAITING_MAX) waiting.delete(waiting.keys().next().value);
  }
  if (since === undefined) return;
  if (status === "included") add(inclusion, Date.now(), at - since);
  if (status === "final") add(finality, Date.now(), at - since);
  if (status === "final" || status === "replaced") waiting.delete(id);
}

export function start() {
  live.on("transaction", follow);
  setInterval(() => sample().catch(() => {}), SAMPLE_MS);  // the page says that there is no answer
}
