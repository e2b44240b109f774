// The chain's blocks, and one of them.

import { h } from "../dom.js";
import { get, getOr, segment } from "../api.js";
import { namesOf, network, newestBlocks } from "../chain.js";
import { number, plural, shorten } from "../format.js";
import { ago, asTold, authorityKey, badge, blockHash, blockLink, definitions, moment, note, pager,
  pane, plainHash, right, table, units } from "../parts.js";
import { txRows } from "./tx.js";

const PAGE = 25;

/** Rows of blocks as lists show them; `final` is the height up to which nothing can be reverted. */
export function blockTable(blocks, final, known, { caption, brief = false }) {
  return table(caption,
    [right("Height"), "Age", ...(brief ? [] : ["Hash"]), right("Transactions"), "Sealed by",
      "Finality"],
    blocks.map((block) => ({
      cells: [blockLink(block.height), ago(block.timestamp),
        ...(brief ? [] : [blockHash(block.hash)]), number(block.tx_count),
        authorityKey(block.proposer, known, { brief }),
        block.height <= final ? badge("final", "final") : badge("pending", "not yet")],
    })));
}

export const blocks = {
  title: () => "Blocks",
  draw: (view) => {
    const offset = Math.max(0, Number(view.query.get("offset")) || 0);
    return pane(view, {
      events: ["head", "final"],
      load: async (signal) => {
        const { page, seen } = await newestBlocks(PAGE, offset, signal);
        return { page, final: seen.final.height, known: [...namesOf(seen)] };
      },
      draw: ({ page, final, known }) => [
        page.total === 1 && note("Only the genesis so far: a block is sealed when there is a " +
          "transaction for it."),
        blockTable(page.blocks, final, new Map(known), { caption: "Blocks, newest first" }),
        pager("#/blocks", offset, PAGE, page.total),
      ],
    });
  },
};

async function lostBlock(hash, signal) {
  const { blocks: losing } = await get("rpc/forks", { limit: 1000 }, signal);
  return losing.find((each) => each.hash === hash) ?? null;
}

async function load(ref, mayBeLost, signal) {
  const lost = mayBeLost ? await lostBlock(ref, signal) : null;
  const block = lost ?? await getOr(null, `rpc/blocks/${segment(ref)}`, {}, signal);
  if (lost || block === null) return { block: lost ?? await lostBlock(ref, signal), losing: true };
  const [finality, seen] = await Promise.all([
    get(`rpc/finality/${block.height}`, {}, signal), network()]);
  return { block, finality, isHead: block.height >= seen.head.height, known: [...namesOf(seen)] };
}

function votes({ certificate }, known) {
  if (certificate === null) return "no votes were needed";
  const at = certificate.block.height;
  return [`${plural(certificate.votes.length, "vote")} for block `, blockLink(at), ": ",
    certificate.votes.map(({ voter }, i) => [i > 0 && ", ", known.get(voter) ?? shorten(voter)])];
}

function drawLosing(block, ref) {
  if (block === null) {
    return note(/^\d+$/.test(ref) ? `There is no block ${number(ref)} yet.`
      : `This node knows no block ${ref}.`, " ", h("a", { href: "#/blocks" }, "All blocks."));
  }
  return [note("This block is valid and lost: the chain went on with ", blockLink(block.height),
    " of another branch. ", h("a", { href: "#/forks" }, "See the branches.")), facts(block)];
}

function facts(block, more = [], known = new Map()) {
  return definitions([
    ["Height", number(block.height)],
    ...more,
    ["Time", moment(block.timestamp)],
    ["Hash", plainHash(block.hash, "block hash", { full: true })],
    ["Parent", block.height > 0 ? blockHash(block.parent_hash, { full: true }) : "none"],
    ["Sealed by", block.proposer ? authorityKey(block.proposer, known) : "nobody: the genesis"],
    ["Slot", number(block.slot)],
    ["Transactions", number(block.tx_count)],
    ["State root", plainHash(block.state_root, "state root", { full: true })],
    ["Transactions' root", plainHash(block.txs_root, "root", { full: true })],
  ]);
}

const sum = (txs, field) => txs.reduce((total, each) => total + (each[field] ?? 0), 0);

const totals = ({ transactions: txs }) => txs.length === 0 ? [] : [
  ["Moved", units(sum(txs.filter((tx) => tx.type === "transfer"), "amount"))],
  ["Fees", units(sum(txs, "fee"))]];

function drawBlock({ block, finality, isHead, known }) {
  const by = new Map(known);
  const final = ["Finality", finality.final
    ? [badge("final", "final"), " by ", votes(finality, by)]
    : [badge("pending", "not yet"), " the authorities have not committed it so far"]];
  return [
    h("nav", { class: "pager", "aria-label": "Neighbours" },
      block.height > 0 && h("a", { href: `#/block/${block.height - 1}` }, "← Parent"),
      !isHead && h("a", { href: `#/block/${block.height + 1}` }, "Next →")),
    facts(block, [final, ...totals(block)], by),
    h("h2", null, plural(block.transactions.length, "transaction")),
    block.transactions.length === 0 ? note("None: blocks are empty where votes need another one.")
      : txRows(block.transactions, "Transactions of this block"),
    asTold(block),
  ];
}

export const block = {
  title: ({ args: [ref = ""] }) =>
    `Block ${/^\d+$/.test(ref) ? number(ref) : shorten(ref)}`,
  draw: (view) => {
    const [ref = ""] = view.args;
    return pane(view, {
      events: ["final", "head", "reorg"],
      load: (signal) => load(ref, view.query.has("lost"), signal),
      draw: (found) => found.losing ? drawLosing(found.block, ref) : drawBlock(found),
    });
  },
};
