// Branches: where the chain forked, and the blocks that lost.

import { h, s } from "../dom.js";
import { get } from "../api.js";
import { namesOf, network } from "../chain.js";
import { plural, shorten } from "../format.js";
import { ago, authorityKey, badge, blockLink, note, pane, paths, plainHash, right, table }
  from "../parts.js";

const SHOWN = 200;      // losing blocks
const SPAN_MAX = 40;    // blocks of the chain in one picture
const CELL = { width: 62, height: 44, radius: 9 };

/**
 * Losing blocks by the branches that they make up, each oldest first, newest branch first.
 * @param {{hash: string, parent_hash: string, height: number}[]} losing
 */
export function branches(losing) {
  const byHash = new Map(losing.map((block) => [block.hash, block]));
  const isParent = new Set(losing.map((block) => block.parent_hash));
  const found = losing.filter((block) => !isParent.has(block.hash)).map((tip) => {
    const blocks = [];
    for (let block = tip; block; block = byHash.get(block.parent_hash)) blocks.unshift(block);
    return blocks;
  });
  return found.sort((a, b) => b[0].height - a[0].height);
}

/** Branches that lie side by side, so that one picture shows them. */
export function stretches(found) {
  const all = [];
  for (const branch of [...found].reverse()) {
    const from = branch[0].height - 1;
    const to = branch.at(-1).height + 1;
    const last = all.at(-1);
    if (last && from <= last.to && to - last.from < SPAN_MAX) {
      last.to = Math.max(last.to, to);
      last.branches.push(branch);
    } else {
      all.push({ from, to, branches: [branch] });
    }
  }
  return all.reverse();
}

function picture({ from, to, branches: own }, head) {
  const end = Math.min(to, from + SPAN_MAX, head);
  const x = (height) => 24 + (height - from) * CELL.width;
  const y = (lane) => 30 + lane * CELL.height;
  const dot = (height, lane, kind, words) => s("a", { href: words.href,
    "aria-label": words.label }, s("circle", { class: "branch", "data-kind": kind, cx: x(height),
    cy: y(lane), r: CELL.radius }, s("title", null, words.label)));
  const canonical = [];
  for (let height = from; height <= end; height++) {
    canonical.push(
      dot(height, 0, "canonical", { href: paths.block(height), label: `Block ${height}` }),
      s("text", { x: x(height), y: 12, class: "axis", "text-anchor": "middle" }, height));
  }
  const lost = own.map((branch, i) => [
    s("path", { class: "branch-line", d: `M${x(branch[0].height - 1)} ${y(0)}` +
      branch.map((block) => `L${x(block.height)} ${y(i + 1)}`).join("") }),
    branch.map((block) => dot(block.height, i + 1, "lost", { href: paths.lost(block.hash),
      label: `Block ${block.height} that lost, ${shorten(block.hash)}` }))]);
  return h("div", { class: "scroll", role: "region", tabindex: 0,
    "aria-label": `Branches from block ${from} to ${end}` },
  s("svg", { role: "group", "aria-label": `Blocks ${from} to ${end} and ` +
    plural(own.length, "branch", "branches") + " that lost", width: x(end) + 24,
  height: y(own.length) + 20 },
  s("path", { class: "branch-line main", d: `M${x(from)} ${y(0)}L${x(end)} ${y(0)}` }), lost,
  canonical));
}

function branchTable(own, known) {
  return table("Branches that lost", ["Last block", right("Blocks"), right("Forked after"),
    "Sealed by", "Age"],
  own.map((branch) => {
    const tip = branch.at(-1);
    return { cells: [plainHash(tip.hash, "block hash", { href: paths.lost(tip.hash) }),
      branch.length, blockLink(branch[0].height - 1), authorityKey(tip.proposer, known),
      ago(tip.timestamp)] };
  }));
}

export const forks = {
  title: () => "Forks",
  draw: (view) => pane(view, {
    events: ["head", "reorg"],
    every: 5000,
    load: async (signal) => {
      const [list, seen] = await Promise.all([
        get("rpc/forks", { limit: SHOWN }, signal), network()]);
      return { losing: list.blocks, head: seen.head.height, reorgs: seen.reorgs,
        known: [...namesOf(seen)] };
    },
    draw: ({ losing, head, reorgs, known }) => {
      if (losing.length === 0) {
        return note(badge("final", "none"), " This node keeps no block that lost: it has " +
          "seen one branch alone.");
      }
      const found = branches(losing);
      return [
        note(`${plural(found.length, "branch", "branches")} that lost, of ` +
          `${plural(losing.length, "block")}; this node went over to a better one ` +
          `${plural(reorgs, "time")} since it was started. The chain is the line on top.`),
        stretches(found).slice(0, 10).map((stretch) => picture(stretch, head)),
        branchTable(found, new Map(known))];
    },
  }),
};
