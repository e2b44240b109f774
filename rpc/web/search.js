// What a person may mean by a few characters: a height, a hash, an address, or on a devnet a name.

import { get, getOr, segment } from "./api.js";
import { genesis } from "./chain.js";
import { paths } from "./parts.js";

const HASH = /^(0x)?[0-9a-f]{64}$/i;
const ADDRESS = /^aitbc1[02-9ac-hj-np-z]{58}$/;
const NAME = /^[A-Za-z0-9._-]{1,50}$/;

async function findHash(hash) {
  const id = "0x" + hash.toLowerCase().replace(/^0x/, "");
  const block = await getOr(null, `rpc/blocks/${segment(id)}`);
  if (block) return { href: paths.block(id) };
  const tx = await getOr(null, `rpc/tx/${segment(id)}`);
  if (tx) return { href: paths.tx(id) };
  const { blocks } = await get("rpc/forks", { limit: 1000 });
  if (blocks.some((each) => each.hash === id)) return { href: paths.lost(id) };
  return { detail: "Neither a block nor a transaction that this node knows has this hash." };
}

/** @returns {Promise<{href?: string, detail?: string}>} where it is, or why it is nowhere */
export async function find(text) {
  if (/^[\d,  ]+$/.test(text)) {
    const height = Number(text.replace(/\D/g, ""));
    const head = await get("rpc/head");
    if (height <= head.height) return { href: paths.block(height) };
    return { detail: `There is no block ${height} yet: the head is at ${head.height}.` };
  }
  if (HASH.test(text)) return findHash(text);
  const address = text.toLowerCase();
  if (ADDRESS.test(address)) {
    await get(`rpc/account/${segment(address)}`);  // refuses one that is misspelt
    return { href: paths.account(address) };
  }
  const { devnet } = await genesis();
  if (devnet && NAME.test(text)) return { href: paths.account(text) };
  return {
    detail: "Expected a height, a hash of 64 hexadecimal digits, an address (aitbc1…)" +
      (devnet ? " or a name of letters, digits, dots, dashes and underscores." : "."),
  };
}
