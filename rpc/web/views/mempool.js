// What waits for a block in this node.

import { get } from "../api.js";
import { plural } from "../format.js";
import { note, pager, pane } from "../parts.js";
import { txRows } from "./tx.js";

const PAGE = 100;

export const mempool = {
  title: () => "Mempool",
  draw: (view) => {
    const offset = Math.max(0, Number(view.query.get("offset")) || 0);
    return pane(view, {
      events: ["head"],
      every: 2000,
      load: (signal) => get("rpc/mempool", { limit: PAGE, offset }, signal),
      draw: (pool) => pool.count === 0
        ? note("Nothing waits: every transaction that this node took is in a block.")
        : [note(`${plural(pool.count, "transaction")} in the order of arrival.`),
          txRows(pool.transactions, "Transactions that wait for a block"),
          pager("#/mempool", offset, PAGE, pool.count)],
    });
  },
};
