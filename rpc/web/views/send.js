// On a devnet: gifts of the faucet, and payments of accounts that are names, for which the node
// signs.

import { h, show } from "../dom.js";
import { post, ApiError } from "../api.js";
import { genesis } from "../chain.js";
import { number } from "../format.js";
import { accountLink, note, pane, txHash } from "../parts.js";

const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

function field(form, name, words, attributes) {
  const id = `${form}-${name}`;
  return h("p", { class: "field" }, h("label", { for: id }, words),
    h("input", { id, name, required: true, autocomplete: "off", ...attributes }));
}
const account = (form, name, words, example) =>
  field(form, name, words, { maxlength: 64, spellcheck: "false", placeholder: example });
const amount = (form) => field(form, "amount", "Amount in units",
  { type: "number", min: 1, max: AMOUNT_MAX, step: 1, value: 100 });

/** A form that sends one thing at a time and says what became of it. */
function sender(view, { name, words, fields, send, done }) {
  const result = h("p", { class: "result", role: "status" });
  const button = h("button", { type: "submit" }, words);
  const submit = async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const values = Object.fromEntries(new FormData(event.target));
    button.disabled = true;
    show(result, "Sent; waiting for the node.");
    try {
      show(result, done(await send(values), values));
    } catch (error) {
      if (view.signal.aborted) return;
      show(result, error instanceof ApiError ? error.message : `The page failed: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  };
  return h("section", { class: "pane" }, h("h2", null, name),
    h("form", { onsubmit: submit }, fields, button), result);
}

const faucet = (view) => sender(view, {
  name: "Faucet",
  words: "Give",
  fields: [account("faucet", "address", "To", "alice"), amount("faucet")],
  send: ({ address, amount: units }) => post("rpc/faucet",
    { address: address.trim(), amount: Number(units) }, view.signal),
  done: (given) => [`${number(given.amount)} for `, accountLink(given.address),
    " are in a block: ", txHash(given.tx_hash)],
});

// The nonce of an unsigned request only tells it from others: the node uses the account's next.
const payment = (view) => sender(view, {
  name: "Payment",
  words: "Pay",
  fields: [account("pay", "from", "From, a name", "alice"), account("pay", "to", "To", "bob"),
    amount("pay")],
  send: ({ from, to, amount: units }) => post("rpc/transaction",
    { from: from.trim(), to: to.trim(), amount: Number(units), nonce: Date.now() }, view.signal),
  done: (sent, { from, to }) => [accountLink(from.trim()), " pays ", accountLink(to.trim()), ": ",
    txHash(sent.tx_hash)],
});

export const send = {
  title: () => "Send",
  draw: (view) => pane(view, {
    load: async () => (await genesis()).devnet,
    draw: (devnet) => devnet ? [
      note("This is a devnet: a name like alice is an account of which anybody may spend. The " +
        "node signs for it; one that cannot pay is given what it lacks first."),
      h("div", { class: "two" }, faucet(view), payment(view))]
      : note("This is no devnet: sign payments with ", h("code", null, "aitbc send"), "."),
  }),
};
