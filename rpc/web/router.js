// From the fragment of the address to a view, so that every view has an address of its own, the
// browser's history works, and the page stays where it was loaded from.

import { byId, h, show } from "./dom.js";

/**
 * A view is told what it shows and has a signal that aborts when it is left.
 * @typedef {{args: string[], query: URLSearchParams, signal: AbortSignal}} View
 * @typedef {{title: (view: View) => string, draw: (view: View) => unknown}} Page
 */

/** "#/block/12?offset=20": the name of a view, its arguments, and its query. */
export function parse(fragment) {
  const [path, query = ""] = fragment.replace(/^#?\/?/, "").split("?", 2);
  const [name, ...args] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;  // typed by hand
    }
  });
  return { name, args, query: new URLSearchParams(query) };
}

const unknown = {
  title: () => "Not found",
  draw: () => h("p", { class: "note" }, "There is no such view. ", h("a", { href: "#/" },
    "To the network.")),
};

/** @param {Record<string, Page>} pages by the names of their views */
export function start(pages, { onShow }) {
  let leave = new AbortController();
  let first = true;
  const go = () => {
    leave.abort();
    leave = new AbortController();
    const { name, args, query } = parse(location.hash);
    const page = Object.hasOwn(pages, name) ? pages[name] : unknown;
    const view = { args, query, signal: leave.signal };
    const title = page.title(view);
    const main = byId("main");
    show(main, h("h1", { tabindex: -1 }, title), page.draw(view));
    onShow(name, title);
    if (!first) {
      main.querySelector("h1").focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    first = false;
  };
  addEventListener("hashchange", go);
  go();
  return go;
}
