// A browser against a real network: the page is watched while it is tested, so that an error on
// its console or a request to another host fails the test in which it happened.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

export const nodes = process.env.AITBC_NODES.split(" ");
/** What callers from elsewhere need. */
export const apiKey = process.env.AITBC_API_KEY;
const program = process.env.AITBC_PROGRAM;
const home = process.env.AITBC_TEST_HOME;
export const shots = process.env.AITBC_SCREENSHOTS;
const PATIENCE_MS = 30_000;
const POLL_MS = 20;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(shots, { recursive: true });

export const run = (...words) => promisify(execFile)(program, ["--home", home, ...words]);

export async function ask(path, { body, node = nodes[0] } = {}) {
  const options = body && { method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" } };
  const answer = await fetch(node + path, options);
  assert.equal(answer.status, 200, `${path}: ${answer.status}`);
  return answer.json();
}
/** A payment that no other has equal to it. */
let payments = 0;
export const pay = async (from, to, amount, node) => (await ask("/rpc/transaction",
  { body: { from, to, amount, nonce: Date.now() * 1000 + payments++ }, node })).tx_hash;

/** The first true value, asked for again and again. */
export async function until(what, condition) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < deadline, `after ${PATIENCE_MS} ms not yet: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export const launch = () => chromium.launch({
  executablePath: process.env.AITBC_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });

/**
 * A page of its own, watched. `faults` holds what went wrong so far.
 * @param {{expected?: RegExp}} options messages of the console that the test itself provokes
 */
export async function open(browser, { expected = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("console", (message) => {
    const text = `${message.text()} ${message.location().url ?? ""}`;
    if (!["error", "warning"].includes(message.type())) return;
    if (!expected.test(text)) faults.push(text);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    if (!nodes.includes(origin)) faults.push(`a request to ${request.url()}`);
  });
  return { page, context, faults };
}

/** Goes to a view and waits until all its parts are drawn. */
export async function visit(page, fragment, base = nodes[0] + "/") {
  await page.goto(base + fragment);
  await settled(page);
}
export async function settled(page) {
  await page.locator("main h1").waitFor();
  await until("everything is drawn", () =>
    page.evaluate(() => document.querySelectorAll("main [aria-busy=true]").length === 0));
}

/** What axe-core finds, as lines. */
export async function violations(page) {
  await page.evaluate(`${axe};0`);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.flatMap(({ id, nodes: where }) => where.map(({ target, failureSummary }) =>
    `${id}: ${target.join(" ")}: ${failureSummary}`));
}

export const shoot = (page, name) =>
  page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
