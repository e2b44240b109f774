// Transactions, and where one of them is.

import { h } from "../dom.js";
import { get, getOr, segment } from "../api.js";
import { namesOf, network } from "../chain.js";
import { duration, number, parseTime, plural, shorten } from "../format.js";
import { accountLink, ago, asTold, authorityKey, badge, blockLink, definitions, moment, note, pager,
  pane, plainHash, right, table, txHash, units } from "../parts.js";

const PAGE = 25;
const kinds = { transfer: "payment", ballot: "ballot", receipt_claim: "claim of a receipt" };

const amountOf = (tx) => tx.type === "transfer" ? units(tx.amount) : "—";
const recipientOf = (tx, options) =>
  tx.type === "transfer" ? accountLink(tx.recipient, options) : "—";

/** Rows of one block, or of the mempool. */
export const txRows = (txs, caption) => table(caption,
  ["Transaction", "Kind", "From", "To", right("Amount"), right("Fee"), right("Nonce")],
  txs.map((tx) => ({
    cells: [txHash(tx.tx_hash ?? tx.hash), kinds[tx.type] ?? tx.type, accountLink(tx.sender),
      recipientOf(tx), amountOf(tx), units(tx.fee), number(tx.nonce)],
  })));

export const placedRows = (txs, { caption, brief = false }) => table(caption,
  ["Transaction", right("Block"), ...(brief ? [] : ["Age", "Kind"]), "From", "To",
    right("Amount")],
  txs.map((tx) => ({
    cells: [txHash(tx.tx_hash, { brief }), blockLink(tx.height),
      ...(brief ? [] : [ago(tx.timestamp), kinds[tx.type] ?? tx.type]),
      accountLink(tx.sender, { brief }), recipientOf(tx, { brief }), amountOf(tx)],
  })));

export const txs = {
  title: () => "Transactions",
  draw: (view) => {
    const offset = Math.max(0, Number(view.query.get("offset")) || 0);
    return pane(view, {
      events: ["head"],
      load: (signal) => get("rpc/transactions", { limit: PAGE, offset }, signal),
      draw: (page) => page.total === 0
        ? note("None so far. Those that wait are in the ", h("a", { href: "#/mempool" }, "mempool"),
          ".")
        : [placedRows(page.transactions, { caption: "Transactions in blocks, newest first" }),
          pager("#/txs", offset, PAGE, page.total)],
    });
  },
};

// ---- one

const CERTAINTY = {
  pending: "It waits in this node's mempool for a block.",
  included: "It is in a block that the authorities have not committed yet.",
  final: "It is in a block that nothing can revert.",
  replaced: "Another transaction used its nonce: it never comes into the chain.",
};
const STAGES = { pending: "received", included: "in a block", final: "final",
  replaced: "replaced" };

async function load(id, signal) {
  const tx = await getOr(null, `rpc/tx/${segment(id)}`, {}, signal);
  if (tx === null) return null;
  const included = tx.status === "included";
  const [finality, block, trace, seen] = await Promise.all([
    included && get(`rpc/finality/${tx.height}`, {}, signal),
    included && get(`rpc/blocks/${tx.height}`, {}, signal),
    getOr({ stages: [] }, `rpc/tx/${segment(id)}/trace`, {}, signal), network()]);
  const { node_time: _, ...steady } = trace;
  return { tx, finality, trace: steady, proposer: block && block.proposer,
    above: included ? Math.max(0, seen.head.height - tx.height) : 0,
    known: [...namesOf(seen)] };
}

// What this node remembers of when it learnt what; of older ones that it is so.
function stages({ tx, finality, trace }) {
  const found = trace.stages.map((stage) => ({ ...stage, at: parseTime(stage.time) }));
  const has = (status) => found.some((stage) => stage.status === status);
  if (tx.status === "pending" && !has("pending")) found.push({ status: "pending" });
  if (tx.status === "included" && !has("included")) found.push({ status: "included" });
  if (finality?.final && !has("final")) found.push({ status: "final" });
  return found;
}

function timeline(found) {
  const first = found.find((stage) => stage.at !== undefined)?.at;
  return h("ol", { class: "stages" }, found.map((stage) =>
    h("li", { "data-kind": stage.status },
      h("strong", null, STAGES[stage.status] ?? stage.status),
      h("span", null, stage.at === undefined ? "not remembered when"
        : stage.at === first ? ago(stage.time) : `+${duration(stage.at - first)}`))));
}

function drawTx(found) {
  const { tx, finality, proposer, known, above } = found;
  const status = finality?.final ? "final" : tx.status;
  if (status === "replaced") {
    return [note(CERTAINTY.replaced), definitions([
      ["Status", badge("replaced", "replaced")],
      ["Hash", plainHash(tx.tx_hash, "transaction hash", { full: true })],
      ["By", txHash(tx.replaced_by, { full: true })], ["In block", blockLink(tx.height)]])];
  }
  return [
    timeline(stages(found)),
    definitions([
      ["Status", badge(status, status), " ", CERTAINTY[status]],
      ["Hash", plainHash(tx.tx_hash, "transaction hash", { full: true })],
      ["Kind", kinds[tx.type] ?? tx.type],
      ["From", accountLink(tx.sender, { full: true })],
      tx.type === "transfer" && ["To", accountLink(tx.recipient, { full: true })],
      tx.type === "transfer" && ["Amount", units(tx.amount)],
      ["Fee", units(tx.fee)],
      ["Nonce", number(tx.nonce)],
      tx.height !== undefined && ["Block", blockLink(tx.height), `, position ${tx.position}; ` +
        `${plural(above, "block")} above it`],
      tx.height !== undefined && ["Time of the slot", moment(tx.timestamp)],
      proposer && ["Sealed by", authorityKey(proposer, new Map(known))],
      ["Signed with", `${tx.transaction.signatures.filter(Boolean).length} of ` +
        `${tx.transaction.policy.keys.length} keys, ${tx.transaction.policy.threshold} needed`],
    ]),
    asTold(tx.transaction),
  ];
}

export const tx = {
  title: ({ args: [id = ""] }) => `Transaction ${shorten(id)}`,
  draw: (view) => {
    const [id = ""] = view.args;
    return pane(view, {
      events: ["head", "final", "transaction", "reorg"],
      concerns: ({ tx_hash: hash }) => hash === id,
      load: (signal) => load(id, signal),
      draw: (found) => found === null
        ? note("This node knows no transaction ", h("code", null, id), ". If it was just sent " +
          "elsewhere it may be on its way: this page shows it as soon as it comes.")
        : drawTx(found),
    });
  },
};
