// The page around the views: where they are, the search, the connection, the key.

import * as api from "./api.js";
import * as live from "./live.js";
import * as router from "./router.js";
import * as figures from "./figures.js";
import { byId, h, show } from "./dom.js";
import { genesis, network as askNetwork, nodeName } from "./chain.js";
import { find } from "./search.js";
import { note, pane } from "./parts.js";
import { account, accounts } from "./views/account.js";
import { authorities } from "./views/authorities.js";
import { block, blocks } from "./views/block.js";
import { evidence } from "./views/evidence.js";
import { forks } from "./views/forks.js";
import { mempool } from "./views/mempool.js";
import { network } from "./views/network.js";
import { send } from "./views/send.js";
import { tx, txs } from "./views/tx.js";

// "#/search/QUERY": for a keyword of the browser, and for links that know no more.
const searched = {
  title: () => "Search",
  draw: (view) => pane(view, {
    load: () => find(view.args[0] ?? ""),
    draw: ({ href, detail }) => {
      if (href) location.replace(href);
      return note(href ? "Found." : detail);
    },
  }),
};

const pages = {
  "": network, blocks, block, txs, tx, mempool, accounts, account, authorities, forks, evidence,
  send, search: searched,
};
const menu = [
  ["", "Network"], ["blocks", "Blocks", ["block"]], ["txs", "Transactions", ["tx"]],
  ["mempool", "Mempool"], ["accounts", "Accounts", ["account"]], ["authorities", "Authorities"],
  ["forks", "Forks"], ["evidence", "Evidence"],
];

let chainId = "aitbc";

function drawMenu(chain) {
  const items = chain?.devnet ? [...menu, ["send", "Send"]] : menu;
  show(byId("nav"), items.map(([name, words, others = []]) =>
    h("li", null,
      h("a", { href: `#/${name}`, "data-views": [name, ...others].join(" ") }, words))));
  mark(router.parse(location.hash).name);
}

function mark(name) {
  for (const link of byId("nav").querySelectorAll("a")) {
    const current = link.dataset.views.split(" ").includes(name);
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

let title = "";
function entitle(words = title) {
  title = words;
  document.title = `${title} · ${chainId}`;
}

const connection = {
  connecting: ["connecting", null],
  live: ["live", null],
  polling: ["live, by polling", null],
  reconnecting: ["reconnecting",
    "No connection to the node: what you see may be out of date. Trying again."],
  refused: ["no access", null],
};

// The key stays in this tab: it is in no address, and other tabs are asked for their own.
function keyForm() {
  const field = h("input", { id: "key", type: "password", autocomplete: "off", required: true });
  return h("form", {
    class: "inline",
    onsubmit: (event) => {
      event.preventDefault();
      api.keepKey(field.value.trim());
      live.retry();
    },
  }, h("label", { for: "key" }, "API key"), field, h("button", { type: "submit" }, "Use it"));
}

const keyWanted = () => [
  h("p", null, api.hasKey()
    ? "This node does not take the API key that was given: it is wrong, or was withdrawn."
    : ["This node answers only with an API key. Whoever runs it makes one: ",
      h("code", null, "aitbc key create NAME --scope read --keys FILE"), "."]),
  keyForm()];

function showConnection({ state, why = "" }) {
  const [words, warning] = connection[state];
  const element = byId("live");
  element.dataset.state = state;
  element.title = why;
  show(element, words);
  const wanted = state === "refused" ? keyWanted() : warning && h("p", null, warning);
  show(byId("banner"), wanted && h("div", { class: "banner" }, wanted));
  if (state === "refused" && document.activeElement === document.body) byId("key").focus();
}

async function search(event) {
  event.preventDefault();
  const field = byId("query");
  const text = field.value.trim();
  if (text === "") return;
  field.setAttribute("aria-busy", "true");
  try {
    const { href, detail } = await find(text);
    field.setCustomValidity(detail ?? "");
    if (!href) return void field.reportValidity();
    field.value = "";
    location.hash = href;
  } catch (error) {
    field.setCustomValidity(error.message);
    field.reportValidity();
  } finally {
    field.removeAttribute("aria-busy");
  }
}

function start() {
  byId("search").addEventListener("submit", search);
  byId("query").addEventListener("input", () => byId("query").setCustomValidity(""));
  addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("query").focus();
  });
  if (location.pathname !== "/") byId("docs").remove();  // proxies pass on the explorer alone
  drawMenu(null);
  router.start(pages, { onShow: (name, words) => { mark(name); entitle(words); } });
  live.onState((connected) => {
    showConnection(connected);
    if (!introduced) introduce();
  });
  figures.start();
  live.start();
}

let introduced = false;
async function introduce() {
  try {
    const [chain, seen] = await Promise.all([genesis(), askNetwork()]);
    chainId = chain.chain_id;
    show(byId("chain"), chainId);
    show(byId("node"), "as ", h("strong", null, nodeName(seen)), " sees it");
    drawMenu(chain);
    entitle();
    introduced = true;
  } catch {
    // The banner says that there is no answer; the next connection asks again.
  }
}

start();
