// The network on one sheet: its nodes, what they are at, and the last minutes.

import { h } from "../dom.js";
import { get } from "../api.js";
import { bestHeight, genesis, namesOf, network as ask, newestBlocks, nodeName, nodesOf, slotStart }
  from "../chain.js";
import { bars, graph, lines } from "../chart.js";
import * as figures from "../figures.js";
import { clockTime, duration, number, parseTime, plural, rate, stateKind } from "../format.js";
import { ago, badge, blockLink, note, pane, right, stateBadge, table } from "../parts.js";
import { blockTable } from "./block.js";
import { placedRows } from "./tx.js";

const RECENT = 8;
const BUCKET_MS = 10_000;
const HEADERS_MAX = 200;  // of the last minutes

const tile = (term, value, ...more) => h("div", { class: "tile" }, h("dt", null, term),
  h("dd", null, h("strong", null, value), h("span", null, more)));

function tiles(seen, sealed) {
  const nodes = nodesOf(seen);
  const well = nodes.filter((node) => stateKind(node.state) === "in_sync").length;
  const open = seen.head.height - seen.final.height;
  return h("dl", { class: "tiles" },
    tile("Height", blockLink(seen.head.height), "sealed ", ago(sealed)),
    tile("Final", blockLink(seen.final.height),
      open === 0 ? "all of it" : `${plural(open, "block")} to go`),
    tile("Mempool", h("a", { href: "#/mempool" }, number(seen.mempool_txs)), "waiting"),
    tile("Nodes in sync", `${well} of ${nodes.length}`, "as this node sees them"),
    tile("Authorities", h("a", { href: "#/authorities" }, number(seen.authorities.length)),
      seen.evidence === 0 ? "none signed twice"
        : h("a", { href: "#/evidence" }, plural(seen.evidence, "piece"), " of evidence")),
    tile("Reorganisations", h("a", { href: "#/forks" }, number(seen.reorgs)),
      seen.reorgs === 0 ? "since the start" : `at most ${plural(seen.reorg_depth_max, "block")}`));
}

function warnings(seen) {
  const words = [];
  if (stateKind(seen.state) !== "in_sync") {
    words.push(h("p", null, isCut(seen) ? "This node reaches none of its peers."
      : ["This node is ", stateBadge(seen.state)]));
  }
  for (const fault of seen.faults) {
    words.push(h("p", null, "A fault on purpose: ", h("strong", null, fault.what || fault.kind),
      `, until ${clockTime(parseTime(fault.until))}. To end it: `,
      h("code", null, "aitbc chaos heal"), "."));
  }
  return words.length > 0 && h("div", { class: "warning" }, words);
}

function lagOf(node, best) {
  if (!node.head) return "—";
  return best === node.head.height ? "none" : plural(best - node.head.height, "block");
}

const isCut = (node) => stateKind(node.state) === "unreachable";

function nodeTable(nodes) {
  const best = bestHeight(nodes);
  const signed = (ms) => ms === null ? "—" : ms > 0 ? `+${duration(ms)}` : duration(ms);
  return table("Nodes, as this one sees them",
    ["Node", "Site", "State", right("Height"), right("Final"), right("Lag"), right("Clock"),
      right("Round trip"), "Heard"],
    nodes.map((node) => ({
      kind: stateKind(node.state),
      cells: [
        [h("strong", null, nodeName(node)), node.authority && " ",
          node.authority && badge("authority", "authority")],
        node.site || (node.url ? new URL(node.url).host : "—"),
        [stateBadge(node.state), node.last_error && h("span", { class: "why" }, node.last_error)],
        node.head ? number(node.head.height) : "—", node.final ? number(node.final.height) : "—",
        lagOf(node, best), signed(node.clock_offset_ms),
        isCut(node) || node.round_trip_ms === null ? "—" : duration(node.round_trip_ms),
        node.url === null ? "this node" : node.last_answer ? ago(node.last_answer) : "never"],
    })));
}

async function newestHeaders(signal) {
  const { head } = await ask();
  if (head.height === 0) return [];
  const start = Math.max(1, head.height - HEADERS_MAX + 1);
  return (await get("rpc/headers", { start, limit: HEADERS_MAX }, signal)).headers;
}

// Transactions a second in each of the last intervals.
function throughput(chain, headers) {
  if (headers.length === 0) return [];
  const now = Math.ceil(Date.now() / BUCKET_MS) * BUCKET_MS;
  const sums = new Array(figures.WINDOW_MS / BUCKET_MS).fill(0);
  for (const header of headers) {
    const back = Math.floor((now - slotStart(chain, header.slot)) / BUCKET_MS);
    if (back >= 0 && back < sums.length) sums[sums.length - 1 - back] += header.tx_count;
  }
  return sums.map((sum, i) => ({
    time: now - (sums.length - 1 - i) * BUCKET_MS, value: sum * 1000 / BUCKET_MS }));
}

/** From each block to the next one, by their slots. */
export const intervals = (chain, headers) => headers.slice(1).map(({ slot }, i) => ({
  time: slotStart(chain, slot), value: (slot - headers[i].slot) * chain.slot_ms }));

function pictures(nodes, points, gaps) {
  const to = Date.now();
  const span = { from: to - figures.WINDOW_MS, to };
  return h("div", { class: "charts" },
    graph(nodes),
    bars("Transactions a second", points,
      { ...span, width: BUCKET_MS, unit: rate, empty: "No block has a transaction yet." }),
    lines("From block to block", [{ name: "interval", points: gaps }],
      { ...span, unit: duration, empty: "No block follows another one yet." }),
    lines("Time to a block, and to finality",
      [{ name: "in a block", points: figures.inclusion },
        { name: "final", points: figures.finality }],
      { ...span, unit: duration,
        empty: "Measured from now on: of each transaction that comes while this page is open." }),
    lines("Blocks behind the best head",
      [...figures.lags].map(([name, each]) => ({ name, points: each })),
      { ...span, unit: rate, empty: "Measured from now on, while this page is open." }));
}

const recentBlocks = (view) => pane(view, {
  events: ["head", "final"],
  load: async (signal) => {
    const { page, seen } = await newestBlocks(RECENT, 0, signal);
    return { blocks: page.blocks, final: seen.final.height, known: [...namesOf(seen)] };
  },
  draw: ({ blocks, final, known }) => [
    h("h2", null, h("a", { href: "#/blocks" }, "Newest blocks")),
    blockTable(blocks, final, new Map(known), { caption: "Newest blocks", brief: true })],
});

const recentTxs = (view) => pane(view, {
  events: ["head"],
  load: (signal) => get("rpc/transactions", { limit: RECENT }, signal),
  draw: ({ transactions }) => [
    h("h2", null, h("a", { href: "#/txs" }, "Newest transactions")),
    transactions.length === 0 ? note("None so far.")
      : placedRows(transactions, { caption: "Newest transactions", brief: true })],
});

export const network = {
  title: () => "Network",
  draw: (view) => [
    pane(view, {
      events: ["head", "final", "state"],
      every: 2000,
      load: async () => {
        const [chain, seen] = await Promise.all([genesis(), ask()]);
        return { seen, sealed: slotStart(chain, seen.head.slot) };
      },
      draw: ({ seen, sealed }) =>
        [warnings(seen), tiles(seen, sealed), nodeTable(nodesOf(seen))],
    }),
    pane(view, {
      every: 3000,
      load: async (signal) => {
        const [chain, headers] = await Promise.all([genesis(), newestHeaders(signal)]);
        return { points: throughput(chain, headers), gaps: intervals(chain, headers),
          nodes: nodesOf(await ask()), at: Date.now() };
      },
      draw: ({ nodes, points, gaps }) =>
        [h("h2", null, "The last minutes"), pictures(nodes, points, gaps)],
    }),
    h("div", { class: "two" }, recentBlocks(view), recentTxs(view)),
  ],
};
