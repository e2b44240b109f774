// Keys that are proven to have signed what excludes one another.

import { h } from "../dom.js";
import { get } from "../api.js";
import { namesOf, network } from "../chain.js";
import { authorityKey, badge, blockHash, note, pane, plainHash, table, words } from "../parts.js";

function conflict({ ours, theirs }) {
  return h("div", { class: "failure", role: "alert" },
    h("p", null, h("strong", null, "Two final histories. "),
      "A quorum has committed two blocks of which each excludes the other. This node keeps its ",
      "own; people must decide."),
    h("p", null, `Ours at ${ours.block.height}: `, blockHash(ours.block.hash)),
    h("p", null, `Theirs at ${theirs.block.height}: `, plainHash(theirs.block.hash, "hash")));
}

export const evidence = {
  title: () => "Evidence",
  draw: (view) => pane(view, {
    events: ["head", "state"],
    every: 10_000,
    load: async (signal) => {
      const [list, seen] = await Promise.all([get("rpc/evidence", {}, signal), network()]);
      return { list, known: [...namesOf(seen)] };
    },
    draw: ({ list, known }) => [
      list.finality_conflict && conflict(list.finality_conflict),
      note("A key that signs two blocks of one slot, or two votes that exclude one another, was " +
        "copied, or its node was made to. It signs nothing more until its operator unlocks it: ",
      h("code", null, "aitbc authority unlock"), "."),
      list.count === 0 ? note(badge("final", "none"), " No key has signed twice.")
        : table("Keys that signed twice", ["Key", words("What it signed"), "Evidence"],
          list.evidence.map((row) => ({
            cells: [authorityKey(row.key, new Map(known)), row.detail, plainHash(row.id, "id")],
          }))),
    ],
  }),
};
