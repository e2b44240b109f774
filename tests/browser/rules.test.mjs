// The parts of the explorer that need no browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

// Copies, beside these tests, so that node takes the modules for what they are.
const load = (name) => import(pathToFileURL(`${process.env.AITBC_WEB}/${name}`));
const golden = (name) =>
  JSON.parse(readFileSync(`${process.env.AITBC_GOLDEN_ANSWERS}/${name}.json`, "utf8")).body;
// What the modules of views find in a browser.
globalThis.document ??= { baseURI: "http://localhost/" };
globalThis.setInterval = () => 0;

test("BLAKE2b is that of the standard", async () => {
  const { blake2b } = await load("blake2b.js");
  const { toHex } = await load("proof.js");
  const of = (bytes) => toHex(blake2b(bytes));
  // b2sum -l 256 of nothing, of "abc", and of 129 bytes of 7 * i.
  assert.equal(of(new Uint8Array()),
    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  assert.equal(of(new TextEncoder().encode("abc")),
    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  assert.equal(of(new Uint8Array(129).map((_, i) => 7 * i)),
    "3934215260b1039be9d9d2b073b059bcd50120c327a22af93eb4d98cf821c14c");
});

test("proofs of the node's own tests hold, and none that was changed", async () => {
  const { checkProof } = await load("proof.js");
  assert.deepEqual(checkProof(golden("proof")).account, { balance: 971, nonce: 2 });
  assert.deepEqual(checkProof(golden("proof_absent")).account, { balance: 0, nonce: 0 });
  const changes = [
    (proof) => { proof.proof.leaf.balance += 1; }, (proof) => { proof.balance += 1; },
    (proof) => { proof.proof.leaf.nonce += 1; }, (proof) => { proof.proof.path.reverse(); },
    (proof) => { proof.proof.path.pop(); }, (proof) => { proof.proof.leaf = null; },
    (proof) => { proof.state_root = proof.accounts_root; },
    (proof) => { proof.authorities_hash = proof.accounts_root; },
    (proof) => { proof.proof.path[0].bit ^= 1; },
    (proof) => { proof.address = golden("proof_absent").address; }];
  for (const change of changes) {
    const proof = golden("proof");
    change(proof);
    assert.equal(checkProof(proof).account, null, String(change));
  }
});

test("turns: who sealed, who had to wait, and whose slot stayed empty", async () => {
  const { slots } = await load("views/authorities.js");
  const governance = { authorities: ["a", "b", "c"], decision: null };
  const headers = [{ height: 1, slot: 1, proposer: "b" }, { height: 2, slot: 2, proposer: "c" },
    { height: 3, slot: 6, proposer: "a" }];
  const found = slots(headers, governance, 9).map(({ key, fate, height }) =>
    `${key} ${fate}${height ? ` ${height}` : ""}`);
  assert.deepEqual(found, ["b sealed 1", "c sealed 2", "a empty", "b empty", "c waits",
    "a sealed 3", "b empty", "c empty", "a waits"]);
});

test("turns before a change of authorities are those of the set before", async () => {
  const { slots } = await load("views/authorities.js");
  const governance = { authorities: ["a", "b", "c", "d"],
    decision: { since: 2, before: ["a", "b", "c"] } };
  const headers = [{ height: 1, slot: 3, proposer: "a" }, { height: 2, slot: 7, proposer: "d" }];
  assert.deepEqual(slots(headers, governance, 7).map(({ key }) => key),
    ["b", "c", "a", "a", "b", "c", "d"]);
});

test("losing blocks make up branches, and those side by side one picture", async () => {
  const { branches, stretches } = await load("views/forks.js");
  const block = (hash, parent, height) => ({ hash, parent_hash: parent, height });
  const losing = [block("b7", "b6", 7), block("b6", "x5", 6), block("c6", "x5", 6),
    block("d60", "x59", 60)];
  const found = branches(losing);
  assert.deepEqual(found.map((branch) => branch.map(({ hash }) => hash)),
    [["d60"], ["b6", "b7"], ["c6"]]);
  assert.deepEqual(stretches(found).map(({ from, to, branches: own }) => [from, to, own.length]),
    [[59, 61, 1], [5, 8, 2]]);
});

test("ways between nodes: each once, cut as soon as one end is", async () => {
  const { ways } = await load("chart.js");
  const peer = (id, ms, links, state = "in_sync") =>
    ({ node_id: id, state, round_trip_ms: ms, links });
  const link = (id, ms) => ({ node_id: id, round_trip_ms: ms });
  const nodes = [{ node_id: "1", state: "in_sync" },
    peer("2", 5, [link("1", 900), link("3", 7), link("9", 1)]),
    peer("3", 6, [link("2", 8), link("4", null)]),
    peer("4", 4, [], "unreachable"), peer("", null, [])];
  assert.deepEqual(ways(nodes).map(({ from, to, ms, cut }) => [from, to, ms, cut]),
    [[0, 1, 5, false], [0, 2, 6, false], [0, 3, 4, true], [0, 4, null, false],
      [1, 2, 7, false], [2, 3, null, true]]);
});

test("a history as a file for spreadsheets", async () => {
  const { csvOf } = await load("views/account.js");
  const rows = [{ tx_hash: "0x1", height: 2, timestamp: "t", direction: "self", counterparty: null,
    type: "tran\"sfer", amount: 3, fee: 1, more: 4 }];
  assert.equal(csvOf(rows),
    '"tx_hash","height","timestamp","direction","counterparty","type","amount","fee"\r\n' +
    '"0x1","2","t","self","","tran""sfer","3","1"\r\n');
});

test("the time from block to block is that of their slots", async () => {
  const { intervals } = await load("views/network.js");
  const chain = { time: "1970-01-01T00:00:00Z", slot_ms: 2000 };
  assert.deepEqual(intervals(chain, [{ slot: 3 }, { slot: 4 }, { slot: 7 }]),
    [{ time: 8000, value: 2000 }, { time: 14_000, value: 6000 }]);
  assert.deepEqual(intervals(chain, []), []);
});

test("values as people read them", async () => {
  const format = await load("format.js");
  assert.deepEqual([-7, 0, 999, 1234, 12_340, 125_000, 7_200_000, 90_000_000].map(format.duration),
    ["−7 ms", "0 ms", "999 ms", "1.23 s", "12.3 s", "2 min 5 s", "2 h 0 min", "1 d 1 h"]);
  assert.equal(format.age(1000, 500), "just now");
  assert.equal(format.age(0, 61_000), "1 min 1 s ago");
  assert.equal(format.shorten("0x" + "a".repeat(64)), "0xaaaaaa…aaaaaa");
  assert.equal(format.stateWords("behind 1"), "behind 1 block");
  assert.equal(format.stateWords("paused: no quorum"), "paused: no quorum");
  assert.equal(format.stateKind("diverged at 7"), "diverged");
  assert.equal(format.parseTime("2026-02-13T21:39:43.125000"),
    format.parseTime("2026-02-13T21:39:43.125Z"));
});

test("addresses of views are taken apart", async () => {
  const { parse } = await load("router.js");
  const of = (text) => {
    const { name, args, query } = parse(text);
    return [name, ...args, String(query)];
  };
  assert.deepEqual(of(""), ["", ""]);
  assert.deepEqual(of("#/block/0x12"), ["block", "0x12", ""]);
  assert.deepEqual(of("#/account/a%20b?offset=25"), ["account", "a b", "offset=25"]);
  assert.deepEqual(of("#/%zz"), ["%zz", ""]);
});
