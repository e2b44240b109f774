// What people type, and what nodes might say: searches, bad addresses, markup, no access.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, launch, nodes, open, pay, apiKey, settled, shoot, until, violations, visit }
  from "./support.mjs";

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
    // The view before it may have had the same heading.
    await until(`${text} is found`, async () =>
      await page.locator("#query").inputValue() === "");
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
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

// A browser that comes through a proxy is a stranger to the node, as on any published one.
const ELSEWHERE = { "X-Forwarded-For": "192.0.2.7" };

test("from elsewhere the page asks for the key, keeps it for its tab, and sends it", async () => {
  const { page, context, faults } = await open(browser,
    { expected: MISSING, extraHTTPHeaders: ELSEWHERE });
  const asked = [];
  page.on("request", (request) => asked.push(request));
  await page.goto(nodes[0] + "/#/blocks");
  await page.getByText("answers only with an API key").waitFor();
  await page.locator("#live[data-state=refused]").waitFor();
  assert.deepEqual(await violations(page), []);
  await shoot(page, "key-needed");
  const use = async (key) => {
    await page.getByLabel("API key").fill(key);
    await page.getByRole("button", { name: "Use it" }).click();
  };
  await use("aitbc_wrong");
  await page.getByText("it is wrong, or was withdrawn").waitFor();
  await shoot(page, "key-wrong");
  const before = asked.length;
  await use(apiKey);
  await page.locator("#live[data-state=live]").waitFor();  // by the stream of events itself
  await page.getByText("Sealed by").first().waitFor();
  assert.equal(await page.getByLabel("API key").count(), 0);
  const later = asked.slice(before);
  assert.ok(later.some((request) => request.url().endsWith("/rpc/events")));
  for (const request of later) {
    const { "x-api-key": sent } = await request.allHeaders();
    assert.equal(sent, apiKey, request.url());
  }
  for (const request of asked) assert.ok(!request.url().includes(apiKey), request.url());
  assert.ok(!page.url().includes(apiKey));
  await page.reload();
  await page.locator("#live[data-state=live]").waitFor();
  const other = await context.newPage();  // another tab is asked for its own
  await other.goto(nodes[0] + "/");
  await other.locator("#live[data-state=refused]").waitFor();
  assert.deepEqual(faults, []);
});

test("a page that waits for its key leaves the node alone", async () => {
  const { page } = await open(browser, { expected: /./, extraHTTPHeaders: ELSEWHERE });
  await page.clock.install();
  await page.goto(nodes[0] + "/");
  await page.locator("#live[data-state=refused]").waitFor();
  await settled(page);
  let asked = 0;
  page.on("request", () => { asked++; });
  await page.clock.runFor(20_000);
  assert.ok(asked <= 2, `${asked} requests in 20 s`);
});

test("a node that was asked too often is given time", async () => {
  const { page, context, faults } = await open(browser, { expected: /429/ });
  let refused = 0;
  await context.route("**/rpc/blocks?*", (route) => refused++ > 0 ? route.continue()
    : route.fulfill({ status: 429, headers: { "Retry-After": "1" },
      json: { detail: "Rate limit exceeded", code: "rate_limited" } }));
  await page.goto(nodes[0] + "/#/blocks");
  await page.getByText("The page asks again when it may").waitFor();
  await page.getByText("Sealed by").first().waitFor();
  assert.deepEqual(faults, []);
});

test("an address of a search leads to what is searched for", async () => {
  const { page, faults } = await open(browser, { expected: MISSING });
  await page.goto(`${nodes[0]}/#/search/${tx}`);
  await page.getByRole("heading", { name: /^Transaction 0x/, level: 1 }).waitFor();
  await page.goto(`${nodes[0]}/#/search/${"ab".repeat(32)}`);
  await page.getByText("Neither a block nor").waitFor();
  assert.deepEqual(faults, []);
});
