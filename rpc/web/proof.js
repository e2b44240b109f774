// Whether a proof leads from an account to the state root, by the rules of the chain
// (chain/core/state_tree): nothing of it is believed but the hashes.

import { blake2b } from "./blake2b.js";

const HASH_BYTES = 32;
const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";  // of bech32
const PREFIX = "aitbc1";
const CHECKSUM_LETTERS = 6;

function fromHex(text) {
  const digits = text.replace(/^0x/, "");
  return Uint8Array.from({ length: digits.length / 2 },
    (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
export const toHex = (bytes) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const equal = (a, b) => toHex(a) === toHex(b);

/** The 32 bytes of an address; its checksum is not looked at: a wrong one proves nothing. */
export function addressBytes(address) {
  const bytes = new Uint8Array(HASH_BYTES);
  let bits = 0;
  let value = 0;
  let filled = 0;
  for (const letter of address.slice(PREFIX.length, -CHECKSUM_LETTERS)) {
    value = (value << 5 | ALPHABET.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[filled++] = value >> bits & 0xff;
  }
  return bytes;
}

function integer(value) {
  const out = new DataView(new ArrayBuffer(8));
  out.setBigUint64(0, BigInt(value));
  return new Uint8Array(out.buffer);
}

/** The hash of the parts in a domain, as the chain takes it. */
export function hash(domain, ...parts) {
  const name = new TextEncoder().encode(domain);
  const all = [Uint8Array.of(name.length), name, ...parts];
  const bytes = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return blake2b(bytes);
}

const bitOf = (bytes, bit) => bytes[bit >> 3] >> (7 - bit % 8) & 1;
const refused = (reason) => ({ account: null, reason });

/**
 * @param {object} proof as GET /rpc/proof/account/{address} answers
 * @returns {{account: {balance: number, nonce: number} | null, reason?: string}}
 */
export function checkProof(proof) {
  const root = fromHex(proof.accounts_root);
  const state = hash("aitbc/state/1", root, fromHex(proof.authorities_hash));
  if (!equal(state, fromHex(proof.state_root))) {
    return refused("The roots of accounts and authorities do not make up the state root.");
  }
  const { leaf, path } = proof.proof;
  if (leaf === null) {
    const empty = path.length === 0 && equal(root, new Uint8Array(HASH_BYTES));
    return empty ? { account: { balance: 0, nonce: 0 } } : refused("The proof names no account.");
  }
  const asked = addressBytes(proof.address);
  const owner = addressBytes(leaf.address);
  let node = hash("aitbc/account/1", owner, integer(leaf.balance), integer(leaf.nonce));
  for (let i = path.length - 1; i >= 0; i--) {
    const { bit, sibling } = path[i];
    if (i > 0 && bit <= path[i - 1].bit) return refused("The steps of the path are out of order.");
    if (bitOf(asked, bit) !== bitOf(owner, bit)) {
      return refused("The path is that of another account.");
    }
    const other = fromHex(sibling);
    const pair = bitOf(owner, bit) ? [other, node] : [node, other];
    node = hash("aitbc/accounts-node/1", Uint8Array.of(bit), ...pair);
  }
  if (!equal(node, root)) return refused("The path does not lead to the root of all accounts.");
  const account = equal(owner, asked) ? { balance: leaf.balance, nonce: leaf.nonce }
    : { balance: 0, nonce: 0 };
  if (account.balance !== proof.balance || account.nonce !== proof.nonce) {
    return refused("The account that is proven is not the one that was told.");
  }
  return { account };
}
