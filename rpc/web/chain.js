// What all views know of the chain and its nodes: the genesis, which never changes, and the network
// as this node sees it.

import { get } from "./api.js";
import { parseTime } from "./format.js";
import * as live from "./live.js";

let genesisAsked = null;

/** The genesis: its parameters, authorities and accounts. Asked once. */
export function genesis() {
  genesisAsked ??= get("rpc/genesis").catch((error) => {
    genesisAsked = null;
    throw error;
  });
  return genesisAsked;
}

/** When a slot began, in milliseconds of Unix time. */
export const slotStart = (chain, slot) => parseTime(chain.time) + slot * chain.slot_ms;
export const slotAt = (chain, time) => Math.floor((time - parseTime(chain.time)) / chain.slot_ms);

const FRESH_MS = 500;
let asked = { at: -Infinity, answer: null };

/** The node and its peers; parts of the page that ask at one time share an answer. */
export function network(fresh = FRESH_MS) {
  if (performance.now() - asked.at < fresh) return asked.answer;
  const answer = get("rpc/network");
  asked = { at: performance.now(), answer };
  answer.catch(() => { asked.at = -Infinity; });
  return answer;
}
let newest = { key: null, page: null };
/** Blocks from the newest on, with the network they were asked in: again only for another head. */
export async function newestBlocks(limit, offset, signal) {
  const seen = await network();
  const key = `${seen.head.hash} ${limit} ${offset}`;
  if (newest.key !== key) {
    newest = { key, page: await get("rpc/blocks", { limit, offset }, signal) };
  }
  return { page: newest.page, seen };
}

// Before anybody else hears of it, so that nobody is shown what was before.
for (const event of ["head", "final", "state", "gap"]) {
  live.on(event, () => { asked.at = -Infinity; });
}

/** This node and its peers in one form, this one first. */
export function nodesOf(answer) {
  const own = { ...answer, url: null, round_trip_ms: null, last_answer: null, last_error: "",
    links: [] };
  return [own, ...answer.peers];
}
export function nodeName({ node_id: id, url }) {
  if (!id) return new URL(url).host;
  return /^\d+$/.test(id) ? `node ${id}` : id;
}

/** The height that the best of the nodes tells. */
export const bestHeight = (nodes) => Math.max(...nodes.map((node) => node.head?.height ?? 0));

/** The names of nodes by the keys that they seal with. */
export function namesOf(answer) {
  const names = new Map();
  for (const node of nodesOf(answer)) {
    if (node.authority) names.set(node.authority, nodeName(node));
  }
  return names;
}
