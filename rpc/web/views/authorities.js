// Who seals, whose turn it was, and who took it.

import { h, s } from "../dom.js";
import { get } from "../api.js";
import { genesis, namesOf, network, slotAt, slotStart } from "../chain.js";
import { number, plural, shorten, utcTime } from "../format.js";
import { ago, authorityKey, badge, blockLink, note, pane, right, table } from "../parts.js";

const SLOTS = 60;
const CELL = { width: 14, height: 26, gap: 2, left: 96 };

const WORDS = { sealed: "sealed", waits: "had to wait: sealed one of the blocks before",
  empty: "no block: nothing to seal, or missed" };

/** The authorities of the block at a height, as far as the last change of them tells. */
function authoritiesAt({ authorities, decision }, height) {
  return decision && height < decision.since ? decision.before : authorities;
}

/**
 * What became of each slot, oldest first.
 * @param {{height: number, slot: number, proposer: string}[]} headers oldest first
 */
export function slots(headers, governance, until) {
  const bySlot = new Map(headers.map((header) => [header.slot, header]));
  const found = [];
  let sealed = headers.filter((header) => header.slot <= until - SLOTS);
  for (let slot = Math.max(1, until - SLOTS + 1); slot <= until; slot++) {
    const header = bySlot.get(slot);
    const height = header?.height ?? (sealed.at(-1)?.height ?? 0) + 1;
    const keys = authoritiesAt(governance, height);
    const key = keys[slot % keys.length];
    const recent = Math.floor(keys.length / 2);
    const waits = recent > 0 && sealed.slice(-recent).some((each) => each.proposer === key);
    found.push({ slot, key, height: header?.height,
      fate: header ? "sealed" : waits ? "waits" : "empty" });
    if (header) sealed = [...sealed, header];
  }
  return found;
}

function chart(chain, found, keys, names) {
  const width = CELL.left + found.length * CELL.width;
  const height = keys.length * CELL.height + 18;
  const cells = found.map(({ slot, key, height: block, fate }, i) => {
    const row = keys.indexOf(key);
    const words = `Slot ${slot}, ${utcTime(slotStart(chain, slot))}, ` +
      `${names.get(key) ?? shorten(key)}: ${WORDS[fate]}${block ? ` block ${block}` : ""}`;
    return s("rect", { class: "slot", "data-kind": fate, x: CELL.left + i * CELL.width,
      y: row * CELL.height + CELL.gap, width: CELL.width - CELL.gap,
      height: CELL.height - 2 * CELL.gap, rx: 2 }, s("title", null, words));
  });
  const sealed = found.filter(({ fate }) => fate === "sealed").length;
  return h("figure", { class: "chart wide" },
    h("figcaption", null, `The last ${found.length} slots of ${chain.slot_ms / 1000} s, ` +
      "newest on the right"),
    h("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": "Slots" },
      s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
        "aria-label": `${sealed} of the last ${found.length} slots have a block` },
      keys.map((key, row) => s("text", { x: 0, y: row * CELL.height + 18, class: "name" },
        names.get(key) ?? shorten(key, 6, 4))), cells,
      s("text", { x: CELL.left, y: height - 3, class: "axis" }, `slot ${found[0]?.slot ?? 0}`),
      s("text", { x: width, y: height - 3, class: "axis", "text-anchor": "end" },
        `slot ${found.at(-1)?.slot ?? 0}`))),
    h("ul", { class: "legend" }, Object.entries(WORDS).map(([kind, words]) =>
      h("li", { "data-kind": kind }, words))));
}

function totals(found, keys, names, headers) {
  return table("Authorities and their turns",
    ["Authority", "Key", right("Turns"), right("Sealed"), right("Had to wait"), right("No block"),
      right("Last block")],
    keys.map((key) => {
      const own = found.filter((each) => each.key === key);
      const count = (kind) => number(own.filter(({ fate }) => fate === kind).length);
      const last = headers.findLast((header) => header.proposer === key);
      return { cells: [h("strong", null, names.get(key) ?? "not heard"),
        authorityKey(key, null), number(own.length), count("sealed"), count("waits"),
        count("empty"), last ? blockLink(last.height) : "—"] };
    }));
}

function changes({ open, decision, head }, names) {
  const who = (key) => names.get(key) ?? shorten(key);
  const verbs = { add: "Adding", remove: "Removing" };
  return [
    open && note(badge("pending", "open"), ` ${verbs[open.change]} ${who(open.key)}: ` +
      `${plural(open.approvals.length, "approval")}, until block ${number(open.expires)}.`),
    decision && note(badge("final", "decided"), ` ${verbs[decision.change]} ${who(decision.key)} ` +
      "was decided in block ", blockLink(decision.decided), ", in force from block ",
    decision.since <= head.height ? blockLink(decision.since) : number(decision.since), " on."),
  ];
}

export const authorities = {
  title: () => "Authorities",
  draw: (view) => pane(view, {
    events: ["head"],
    every: 2000,
    load: async (signal) => {
      const [chain, governance, seen] = await Promise.all([
        genesis(), get("rpc/authorities", {}, signal), network()]);
      const start = Math.max(1, governance.head.height - SLOTS - 20);
      const { headers } = await get("rpc/headers", { start, limit: 100 }, signal);
      return { governance, headers, names: [...namesOf(seen)], slotMs: chain.slot_ms,
        until: Math.max(slotAt(chain, Date.now()), headers.at(-1)?.slot ?? 0) };
    },
    draw: async ({ governance, headers, names, until }) => {
      const chain = await genesis();
      const known = new Map(names);
      const found = slots(headers, governance, until);
      const keys = [...governance.authorities];
      for (const { key } of found) if (!keys.includes(key)) keys.push(key);
      return [
        note("Authorities take turns, one a slot, and none seals twice among as many blocks as " +
          "make up a majority of them. A block is sealed when there is something to seal",
        headers.length > 0 && [": the last one ", ago(headers.at(-1).timestamp)], "."),
        changes(governance, known), chart(chain, found, keys, known),
        totals(found, keys, known, headers)];
    },
  }),
};
