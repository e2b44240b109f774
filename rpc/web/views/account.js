// Accounts: the richest, and one with its history and a proof that is checked in the page.

import { h, show } from "../dom.js";
import { get, segment } from "../api.js";
import { number, plural, shorten } from "../format.js";
import { accountLink, ago, badge, blockLink, definitions, note, pager, pane, plainHash, right,
  table, txHash, units } from "../parts.js";
import { checkProof } from "../proof.js";

const PAGE = 25;
const CSV = { page: 100, rows: 1000 };  // at most: the newest

export const accounts = {
  title: () => "Accounts",
  draw: (view) => {
    const offset = Math.max(0, Number(view.query.get("offset")) || 0);
    // The node sorts all accounts for it: so not with each block.
    return pane(view, {
      every: 10_000,
      load: (signal) => get("rpc/addresses", { limit: PAGE, offset }, signal),
      draw: (page) => page.total === 0 ? note("No account holds anything.") : [
        table("Accounts, richest first",
          [right("Rank"), "Account", right("Balance"), right("Sent"), right("Received"),
            "Last used"],
          page.addresses.map((row, i) => ({
            cells: [number(offset + i + 1), accountLink(row.address), units(row.balance),
              number(row.total_transactions_sent), number(row.total_transactions_received),
              ago(row.updated_at)],
          }))),
        pager("#/accounts", offset, PAGE, page.total)],
    });
  },
};

// A label in the table, and the sign before the amount.
const DIRECTIONS = { sent: ["out", "−"], received: ["in", "+"], self: ["self", ""] };

function historyTable(rows) {
  return table("Transactions that name this account, newest first",
    ["Transaction", right("Block"), "Age", "Direction", "With", right("Amount"), right("Fee")],
    rows.map((row) => {
      const [word, sign] = DIRECTIONS[row.direction];
      return {
        cells: [txHash(row.tx_hash), blockLink(row.height), ago(row.timestamp), badge(word, word),
          row.counterparty ? accountLink(row.counterparty) : row.type.replace("_", " "),
          [sign, units(row.amount)], units(row.fee)],
      };
    }));
}

const COLUMNS = ["tx_hash", "height", "timestamp", "direction", "counterparty", "type", "amount",
  "fee"];

/** @param {object[]} rows of an account's history */
export const csvOf = (rows) =>
  [COLUMNS, ...rows.map((row) => COLUMNS.map((name) => row[name] ?? ""))]
    .map((cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(",") +
      "\r\n").join("");

async function newestRows(address) {
  const rows = [];
  for (let offset = 0; offset < CSV.rows; offset += CSV.page) {
    const { transactions } =
      await get(`rpc/address/${segment(address)}`, { limit: CSV.page, offset });
    rows.push(...transactions);
    if (transactions.length < CSV.page) break;
  }
  return rows;
}

function csvButton(address) {
  const said = h("span", { role: "status" });
  const save = async () => {
    try {
      const rows = await newestRows(address);
      const href = URL.createObjectURL(new Blob([csvOf(rows)], { type: "text/csv" }));
      h("a", { href, download: `${address}.csv` }).click();
      URL.revokeObjectURL(href);
      said.textContent = ` ${plural(rows.length, "row")}, newest first`;
    } catch (error) {
      said.textContent = ` ${error.message}`;
    }
  };
  return h("p", null, h("button", { type: "button", onclick: save }, "Save as CSV"), said);
}

// Of a name: questions by name are answered under the name, proofs under the address.
async function addressOf(account, signal) {
  if (account.startsWith("aitbc1")) return account;
  return (await get(`rpc/proof/account/${segment(account)}`, {}, signal)).address;
}

function drawAccount({ history, account, address }, path, offset) {
  const waiting = account.next_nonce - account.nonce;
  return [
    definitions([
      address !== account.address && ["Name", account.address],
      ["Address", plainHash(address, "address", { full: true })],
      ["Balance", units(history.balance)],
      ["Nonce", number(account.nonce),
        waiting > 0 && ` and ${plural(waiting, "transaction")} waiting`],
      ["Sent", number(history.total_transactions_sent)],
      ["Received", number(history.total_transactions_received)],
      history.updated_at && ["Last used", ago(history.updated_at)],
    ]),
    h("h2", null, "Transactions"),
    history.total === 0 ? note("None: this account was never named in a block.")
      : [historyTable(history.transactions), pager(path, offset, PAGE, history.total),
        csvButton(account.address)],
  ];
}

function drawProof(proof) {
  const { account, reason } = checkProof(proof);
  const steps = proof.proof.path.length;
  if (!account) {
    return [badge("diverged", "does not hold"), " ", reason, " Do not believe this node."];
  }
  return [badge("final", "holds"),
    ` The state root of block ${number(proof.head.height)} contains ` +
    (account.balance + account.nonce === 0 ? "no such account"
      : `a balance of ${number(account.balance)} and the nonce ${number(account.nonce)}`) +
    `, by ${plural(steps, "hash", "hashes")} that were computed in this page. State root: `,
    plainHash(proof.state_root, "state root"), ", block: ", blockLink(proof.head.height)];
}

function proofCheck(view, address) {
  const result = h("p", { role: "status" });
  const check = async () => {
    show(result, "Asking for the proof.");
    try {
      show(result, drawProof(await get(`rpc/proof/account/${segment(address)}`, {}, view.signal)));
    } catch (error) {
      if (!view.signal.aborted) show(result, error.message);
    }
  };
  return h("section", { class: "pane" }, h("h2", null, "Proof"),
    note("A Merkle path leads from the account to the state root in the header that the " +
      "authorities sealed. Your browser computes it."),
    h("button", { type: "button", onclick: check }, "Check the proof"), result);
}

export const account = {
  title: ({ args: [address = ""] }) => `Account ${shorten(address, 12, 6)}`,
  draw: (view) => {
    const [address = ""] = view.args;
    const path = `#/account/${segment(address)}`;
    const offset = Math.max(0, Number(view.query.get("offset")) || 0);
    let own = null;
    return [
      pane(view, {
        events: ["head", "transaction"],
        concerns: ({ sender, recipient }) => [sender, recipient].includes(own),
        load: async (signal) => {
          own ??= await addressOf(address, signal);
          const [history, found] = await Promise.all([
            get(`rpc/address/${segment(address)}`, { limit: PAGE, offset }, signal),
            get(`rpc/account/${segment(address)}`, {}, signal)]);
          const { height: _, ...steady } = found;
          return { history, account: steady, address: own };
        },
        draw: (found) => drawAccount(found, path, offset),
      }),
      proofCheck(view, address),
    ];
  },
};
