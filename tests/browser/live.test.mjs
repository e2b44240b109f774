// What happens while the page is open: blocks, payments, a partition, a node that goes away.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, nodes, open, pay, run, settled, shoot, until, visit } from "./support.mjs";

const LIVE_MS = 1000;
const RATE_MAX = 200;  // access.rate_per_minute
const LOST = /Failed to load resource|ERR_/;  // the browser's own words for a node that is away

let browser;
before(async () => {
  browser = await launch();
  await ask("/rpc/faucet", { body: { address: "alice", amount: 5000 } });
});
after(() => browser.close());

const tile = (page, name) => page.locator(".tile", { hasText: name }).locator("strong");
const height = async (page) => Number((await tile(page, "Height").innerText()).replace(/,/g, ""));
const isLive = (page) =>
  page.locator("#live[data-state=live], #live[data-state=polling]").waitFor();

test("a block is shown within a second of its coming to the node", async () => {
  const { page, faults } = await open(browser);
  await visit(page, "");
  await isLive(page);
  const delays = [];
  for (let i = 1; i <= 3; i++) {
    const before = await height(page);
    await pay("alice", "bob", i, nodes[i - 1]);
    await until("there is a block", async () => (await ask("/rpc/head")).height > before);
    const there = Date.now();
    await until("it is shown", async () => await height(page) > before);
    delays.push(Date.now() - there);
  }
  console.log(`# a block is shown after ${delays} ms`);
  assert.ok(Math.max(...delays) < LIVE_MS, `${delays}`);
  assert.deepEqual(faults, []);
});

test("with a block in each slot the page asks no more often than strangers may", async () => {
  const { page } = await open(browser);
  await visit(page, "");
  await isLive(page);
  let asked = 0;
  page.on("request", () => { asked++; });
  const begun = Date.now();
  const first = await height(page);
  for (let seen = first; seen < first + 6; seen = await height(page)) {
    await pay("alice", "bob", 1);
    await until("the next block is shown", async () => await height(page) > seen);
  }
  const rate = asked * 60_000 / (Date.now() - begun);
  console.log(`# ${Math.round(rate)} requests a minute, a block each ` +
    `${Math.round((Date.now() - begun) / 6)} ms`);
  assert.ok(rate < RATE_MAX, `${rate} requests a minute`);
});

test("a payment goes through its stages while one looks at it", async () => {
  const { page, faults } = await open(browser, { expected: LOST });
  await visit(page, "#/send");
  await page.locator("#pay-from").fill("alice");
  await page.locator("#pay-to").fill("dave");
  await page.locator("#pay-amount").fill("12");
  await page.getByRole("button", { name: "Pay" }).click();
  await page.locator(".result a[href^='#/tx/']").click();
  await page.getByText("nothing can revert").waitFor();
  await shoot(page, "tx-final");
  assert.deepEqual(faults, []);
});

test("the faucet gives, and says when it cannot", async () => {
  const { page } = await open(browser, { expected: LOST });
  await visit(page, "#/send");
  await page.locator("#faucet-address").fill("erin");
  await page.locator("#faucet-amount").fill("9");
  await page.getByRole("button", { name: "Give" }).click();
  await page.locator(".result a[href='#/account/erin']").waitFor();
  await page.locator("#faucet-amount").fill("9007199254740991");
  await page.getByRole("button", { name: "Give" }).click();
  await page.locator(".result").filter({ hasText: /faucet|balance|has/ }).first().waitFor();
  assert.equal((await ask("/rpc/getBalance/erin")).balance, 9);
});

test("a partition is shown, and that it healed", async (t) => {
  t.after(() => run("chaos", "heal"));
  const { page, faults } = await open(browser);
  await visit(page, "");
  await run("chaos", "partition", "1", "2,3", "--for", "120s");
  await page.locator("main tr[data-kind=unreachable]").nth(1).waitFor();
  await page.locator(".warning").getByText("A fault on purpose").first().waitFor();
  await page.locator(".edge.cut").nth(1).waitFor();
  await shoot(page, "partition");
  await run("chaos", "heal");
  await until("all are in sync again", async () =>
    await page.locator("main tr[data-kind=in_sync]").count() === 3);
  assert.equal(await page.locator(".warning").count(), 0);
  await shoot(page, "healed");
  assert.deepEqual(faults, []);
});

test("without its node the page says so, and goes on when it is back", async () => {
  const { page, faults } = await open(browser, { expected: LOST });
  await visit(page, "#/blocks", nodes[2] + "/");
  await isLive(page);
  await run("node", "kill", "3");
  await page.locator("#live[data-state=reconnecting]").waitFor();
  await page.getByText("No connection to the node").waitFor();
  await shoot(page, "lost");
  await pay("alice", "bob", 500);
  await run("node", "start", "3");
  await isLive(page);
  const { height: head } = await ask("/rpc/head");
  await page.locator(`main a[href="#/block/${head}"]`).waitFor();
  assert.equal(await page.getByText("No connection to the node").count(), 0);
  assert.deepEqual(faults, []);
});

test("what is selected stays while the view goes on", async () => {
  const { page } = await open(browser);
  await visit(page, "#/blocks");
  await isLive(page);
  const link = page.locator("main tbody a").first();
  await link.focus();
  const href = await link.getAttribute("href");
  const before = await page.locator("main tbody tr").count();
  await pay("alice", "bob", 600);
  await until("a row is added", async () =>
    await page.locator("main tbody tr").count() > before || before >= 25);
  await settled(page);
  assert.equal(await page.locator(":focus").getAttribute("href"), href);
});
