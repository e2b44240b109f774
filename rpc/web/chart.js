// Pictures, drawn as SVG: lines over the last minutes, bars, and nodes with the ways between them.
// Each says in words what it shows, for those who do not see it.

import { h, s } from "./dom.js";
import { clockTime, duration, plural, stateKind, stateWords } from "./format.js";
import { nodeName } from "./chain.js";

const WIDTH = 480;
const HEIGHT = 150;
const LEFT = 52;
const BOTTOM = 20;
const TOP = 10;

// A round number at or above the highest value.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function axes(top, from, to, unit) {
  const bottom = HEIGHT - BOTTOM;
  const label = (x, y, words, anchor) =>
    s("text", { x, y, "text-anchor": anchor, class: "axis" }, words);
  return [
    s("path", { class: "grid",
      d: [TOP, (TOP + bottom) / 2, bottom].map((y) => `M${LEFT} ${y}H${WIDTH}`).join("") }),
    label(LEFT - 6, TOP + 4, unit(top), "end"),
    label(LEFT - 6, (TOP + bottom) / 2 + 4, unit(top / 2), "end"),
    label(LEFT - 6, bottom + 4, unit(0), "end"),
    label(LEFT, HEIGHT - 4, clockTime(from), "start"),
    label(WIDTH, HEIGHT - 4, clockTime(to), "end"),
  ];
}

/** In words: what each of the lines is at, and was at most. */
const summary = (series, unit) => series.map(({ name, points }) => points.length === 0 ? name
  : `${name} now ${unit(points.at(-1).value)}, ` +
    `at most ${unit(Math.max(...points.map((point) => point.value)))}`).join("; ");

const isEmpty = (series) => series.every(({ points }) => points.length === 0);

const legend = (series, unit) => h("ul", { class: "legend" }, series.map(({ name, points }, i) =>
  h("li", { class: `c${i % 6}` }, `${name} ${points.length ? unit(points.at(-1).value) : "—"}`)));

function frame(title, series, unit, picture, empty) {
  return h("figure", { class: "chart" }, h("figcaption", null, title),
    isEmpty(series) ? h("p", { class: "note" }, empty)
      : [picture, series.length > 1 && legend(series, unit)]);
}

function draw(series, { from, to, unit, marks }) {
  const top = ceiling(Math.max(...series.flatMap(({ points }) => points.map((p) => p.value)), 0));
  const x = (time) => LEFT + (WIDTH - LEFT) * (time - from) / (to - from);
  const y = (value) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top;
  return s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
    "aria-label": summary(series, unit) }, axes(top, from, to, unit),
  series.map(({ points }, i) => marks(points.filter((p) => p.time >= from), i, { x, y })));
}

/**
 * @param {string} title
 * @param {{name: string, points: {time: number, value: number}[]}[]} series
 * @param {{from: number, to: number, unit: (value: number) => string, empty: string}} options
 */
export function lines(title, series, options) {
  const marks = (points, i, { x, y }) => {
    const path = points.map((p, k) => `${k === 0 ? "M" : "L"}${x(p.time).toFixed(1)} ` +
      y(p.value).toFixed(1)).join("");
    const last = points.at(-1);
    return [s("path", { class: `line c${i % 6}`, d: path }),
      last && s("circle", { class: `dot c${i % 6}`, cx: x(last.time), cy: y(last.value), r: 3 })];
  };
  return frame(title, series, options.unit, draw(series, { ...options, marks }), options.empty);
}

/** Bars of `width` milliseconds that end at their times. */
export function bars(title, points, { width, ...options }) {
  const series = [{ name: title, points }];
  const marks = (shown, i, { x, y }) => s("path", { class: "bar c0", d: shown.map((p) => {
    const left = x(Math.max(p.time - width, options.from)) + 0.5;
    const right = Math.min(x(p.time), WIDTH) - 0.5;
    return `M${left.toFixed(1)} ${y(0)}V${y(p.value).toFixed(1)}H${right.toFixed(1)}V${y(0)}Z`;
  }).join("") });
  return frame(title, series, options.unit, draw(series, { ...options, marks }), options.empty);
}

// ---- nodes

const GRAPH = { width: 480, radius: 150, node: 15 };
const LABELS_MAX = 6;  // nodes up to which the ways between others have room for their figures

/**
 * The ways between nodes, each once: those of this node as it measured them, those of others as
 * they say. A way is cut as soon as one end has no answer.
 * @param {object[]} nodes this one first
 * @returns {{from: number, to: number, ms: number | null, cut: boolean}[]} by places in `nodes`
 */
export function ways(nodes) {
  const place = new Map(nodes.map((node, i) => [node.node_id, i]));
  const found = new Map();
  const add = (a, b, ms, cut) => {
    const [from, to] = a < b ? [a, b] : [b, a];
    const way = found.get(`${from} ${to}`) ?? { from, to, ms: null, cut: false };
    found.set(`${from} ${to}`, { ...way, ms: way.ms ?? ms, cut: way.cut || cut });
  };
  nodes.slice(1).forEach((peer, i) =>
    add(0, i + 1, peer.round_trip_ms, stateKind(peer.state) === "unreachable"));
  nodes.slice(1).forEach((peer, i) => {
    for (const { node_id: id, round_trip_ms: ms } of peer.links ?? []) {
      const other = place.get(id);
      if (other !== undefined && other !== i + 1) add(i + 1, other, ms, ms === null);
    }
  });
  return [...found.values()];
}

const wayWords = ({ ms, cut }) => cut ? "no answer" : ms === null ? "" : duration(ms);

function drawNode([x, y], each, own, below) {
  const line = (n) => y + (below ? GRAPH.node + 17 + 14 * n : -GRAPH.node - 23 + 14 * n);
  const height = each.head ? `at ${each.head.height}` : "";
  return s("g", { class: "node", "data-kind": stateKind(each.state) },
    s("circle", { cx: x, cy: y, r: own ? GRAPH.node + 4 : GRAPH.node }),
    s("text", { x, y: y + 4, class: "mark" }, own ? "here" : ""),
    s("text", { x, y: line(0) }, nodeName(each) + (each.site ? ` · ${each.site}` : "")),
    s("text", { x, y: line(1), class: "axis" }, `${height} ${stateWords(each.state)}`));
}

// Beside the middle, so that ways that cross do not hide one another's figures.
function drawWay([x1, y1], [x2, y2], way, named, words) {
  const at = (from, to) => from + 0.42 * (to - from);
  return s("g", { class: way.cut ? "edge cut" : "edge" },
    s("path", { d: `M${x1} ${y1}L${x2} ${y2}` }, s("title", null, words)),
    named && s("text", { x: at(x1, x2), y: at(y1, y2) + 4 }, wayWords(way)));
}

/** This node and its peers, by their sites, with the ways between them. @param {object[]} nodes */
export function graph([own, ...peers]) {
  const nodes = [own, ...[...peers].sort((a, b) =>
    (a.site ?? "").localeCompare(b.site ?? "") || nodeName(a).localeCompare(nodeName(b)))];
  const flat = nodes.length <= 2;
  const height = flat ? 110 : 250;
  const place = (i) => {
    const angle = flat ? Math.PI * (1 - i) : Math.PI * (2 * i / nodes.length - 0.5);
    return [GRAPH.width / 2 + GRAPH.radius * Math.cos(angle),
      (flat ? 40 : height / 2) + (height / 2 - 50) * Math.sin(angle) * (flat ? 0 : 1)];
  };
  const all = ways(nodes);
  const words = ({ from, to, ...way }) =>
    `${nodeName(nodes[from])} to ${nodeName(nodes[to])}: ${wayWords(way) || "not measured"}`;
  return h("figure", { class: "chart" }, h("figcaption", null, "Round trips between nodes"),
    s("svg", { viewBox: `0 0 ${GRAPH.width} ${height}`, role: "img",
      "aria-label": `${plural(nodes.length, "node")}. ${all.map(words).join("; ")}` },
    all.map((way) => drawWay(place(way.from), place(way.to), way,
      way.from === 0 || nodes.length <= LABELS_MAX, words(way))),
    nodes.map((each, i) => drawNode(place(i), each, i === 0,
      flat || place(i)[1] >= height / 2 - 1))));
}
