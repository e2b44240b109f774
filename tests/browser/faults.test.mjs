// What goes wrong for real: a fork with a branch that loses, and a key that signs twice.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, nodes, open, pay, run, settled, shoot, until, violations, visit }
  from "./support.mjs";

let browser;
before(async () => {
  browser = await launch();
  for (const address of ["alice", "frank"]) {
    await ask("/rpc/faucet", { body: { address, amount: 5000 } });
  }
});
after(async () => {
  await run("chaos", "heal");
  await browser.close();
});

const head = (node) => ask("/rpc/head", { node });
const [majority, minority] = [nodes[0], nodes[2]];

// Of three authorities none seals two blocks in a row: the one that is cut off must not have
// sealed the last one.
async function untilOthersSealed() {
  const { authority: own } = await ask("/rpc/network", { node: minority });
  await until("the others sealed the last block", async () => {
    await pay("alice", "bob", 1);
    const [here, there] = await Promise.all([head(majority), head(minority)]);
    if (here.hash !== there.hash) return false;
    const { proposer } = await ask(`/rpc/blocks/${here.height}`);
    return proposer !== own;
  });
}

test("a real fork: the branch that lost is kept and drawn", async (t) => {
  t.after(() => run("chaos", "heal"));
  const { page, faults } = await open(browser);
  await visit(page, "#/forks", minority + "/");
  await untilOthersSealed();
  await run("chaos", "partition", "1,2", "3", "--for", "120s");
  const { height: before } = await head(minority);
  await pay("frank", "erin", 3, minority);
  const lost = await until("the node that is cut off seals", async () => {
    const own = await head(minority);
    return own.height > before && own;
  });
  await until("the others are ahead of it", async () => {
    await pay("alice", "bob", 2, majority);
    return (await head(majority)).height > lost.height;
  });
  await run("chaos", "heal");
  await until("all have one head", async () =>
    (await head(minority)).hash === (await head(majority)).hash);
  await page.locator(`.branch[data-kind=lost]`).first().waitFor();
  await settled(page);
  const drawn = page.locator(`svg a[href="#/block/${lost.hash}?lost"]`);
  assert.equal(await drawn.count(), 1);
  assert.match(await page.locator("main").innerText(), /went over to a better one [1-9]/);
  assert.deepEqual(await violations(page), []);
  await shoot(page, "forks-real");
  await drawn.click();
  await page.getByText("This block is valid and lost").waitFor();
  await shoot(page, "block-lost");
  // Of the chain it is no part, and what was in it came into the chain all the same.
  const { hash } = await ask(`/rpc/blocks/${lost.height}`, { node: minority });
  assert.notEqual(hash, lost.hash);
  await until("its payment is in the chain", async () =>
    (await ask("/rpc/getBalance/erin")).balance >= 3);
  console.log(`# a reorganisation at height ${lost.height}; faults: ${faults.length}`);
  assert.deepEqual(faults, []);
});

test("a real double sign: the key is named where everybody sees it", async () => {
  const { page, faults } = await open(browser);
  await visit(page, "#/evidence");
  await page.getByText("No key has signed twice").waitFor();
  await run("chaos", "double-sign", "2", "--for", "60s");
  const { evidence: [row] } = await until("it is proven", async () => {
    await pay("alice", "bob", 4, nodes[1]);
    const found = await ask("/rpc/evidence");
    return found.count > 0 && found;
  });
  await run("chaos", "heal");
  await page.locator("main tbody tr").filter({ hasText: "node 2" }).first().waitFor();
  const { authority } = await ask("/rpc/network", { node: nodes[1] });
  assert.equal(row.key, authority);
  assert.deepEqual(await violations(page), []);
  await shoot(page, "evidence-real");
  await visit(page, "");
  await page.getByText(/\d+ pieces? of evidence/).waitFor();
  await shoot(page, "network-evidence");
  assert.deepEqual(faults, []);
});
