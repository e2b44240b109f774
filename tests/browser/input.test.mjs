// What people type, and what nodes might say: searches, bad addresses, markup, no access.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, nodes, open, pay, until, visit } from "./support.mjs";

const MISSING = /Failed to load resource/;  // the browser's words for an answer that refuses

let browser;
let tx;
let place;
before(async () => {
  browser = await launch();
  await ask("/rpc/faucet", { body: { address: "alice", amount: 1000 } });
  tx = await pay("alice", "bob", 5);
  place = await until("it is in a block", async () => {
    const found = await ask(`/rpc/tx/${tx}`);
    return found.status === "included" && found;
  });
});
after(() => browser.close());

test("everything that has a name is found", async () => {
  const { page, faults } = await open(browser, { expected: MISSING });
  await visit(page, "");
  const searches = [
    [String(place.block_height), /^Block \d/], [place.block_hash, /^Block 0x/],
    [place.block_hash.slice(2).toUpperCase(), /^Block 0x/], [tx, /^Transaction 0x/],
    [place.sender, /^Account aitbc1/], ["alice", /^Account alice/], ["  0 ", /^Block 0/]];
  for (const [text, heading] of searches) {
    await page.locator("#query").fill(text);
    await page.locator("#query").press("Enter");
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    assert.equal(await page.locator("#query").inputValue(), "");
  }
  assert.deepEqual(faults, []);
});

test("what is nowhere is told at the field", async () => {
  const { page, faults } = await open(browser, { expected: MISSING });
  await visit(page, "");
  const searches = [
    ["999999", /no block 999999 yet/], ["0x" + "ab".repeat(32), /Neither a block nor/],
    [place.sender.replace(/.$/, (last) => last === "q" ? "p" : "q"), /checksum/i],
    ["what is this?", /Expected a height/], ["<b>", /Expected a height/]];
  for (const [text, words] of searches) {
    await page.locator("#query").fill(text);
    await page.locator("#query").press("Enter");
    const said = await until(`words on ${text}`, () =>
      page.locator("#query").evaluate((field) => field.validationMessage));
    assert.match(said, words);
    assert.equal(await page.locator("#query").inputValue(), text);
  }
  assert.deepEqual(faults, []);
});

test("addresses of the page that lead nowhere say so", async () => {
  const { page, faults } = await open(browser, { expected: MISSING });
  const places = [
    ["#/nosuch", /no such view/], ["#/block/999999", /no block 999,999 yet/],
    ["#/block/zzz", /a height, or 0x/], ["#/tx/0x12", /knows no transaction/],
    ["#/account/%20", /address/], ["#/blocks?offset=zzz", /Sealed by/], ["#/%zz", /no such view/],
    ["#/constructor", /no such view/], ["#/blocks?offset=999999", /of/]];
  for (const [fragment, words] of places) {
    await visit(page, fragment);
    assert.match(await page.locator("main").innerText(), words, fragment);
  }
  assert.deepEqual(faults, []);
});

test("markup is text wherever it comes from", async () => {
  const { page, context } = await open(browser, { expected: /./ });
  const evil = "<img src=x onerror=\"globalThis.evil=1\">";
  await context.route("**/rpc/network", async (route) => {
    const answer = await route.fetch();
    const seen = await answer.json();
    seen.node_id = evil;
    seen.state = `paused: ${evil}`;
    seen.peers[0].last_error = evil;
    seen.peers[0].site = evil;
    await route.fulfill({ response: answer, json: seen });
  });
  for (const fragment of ["", `#/account/${encodeURIComponent(evil)}`,
    `#/tx/${encodeURIComponent(evil)}`, "#/authorities"]) {
    await visit(page, fragment);
    assert.equal(await page.locator("img[src=x]").count(), 0, fragment);
  }
  assert.equal(await page.evaluate(() => globalThis.evil), undefined);
});

test("a node that asks for a key is given one", async () => {
  const { page, context } = await open(browser, { expected: /./ });
  await context.route("**/rpc/**", async (route) => {
    const headers = await route.request().allHeaders();
    if (headers["x-api-key"] === "right") return route.continue();
    const refusal = { detail: "send an API key", code: "unauthorized" };
    return route.fulfill({ status: 401, json: refusal });
  });
  await page.goto(nodes[0] + "/#/blocks");
  await page.locator("#live[data-state=refused]").waitFor();
  await page.getByLabel("API key").fill("right");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByText("Sealed by").waitFor();
  await page.locator("#live[data-state=live], #live[data-state=polling]").waitFor();
});
