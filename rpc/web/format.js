// Values as people read them. Pure functions.

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 3 });

export const number = (value) => whole.format(value);
export const rate = (value) => decimal.format(value);
export const plural = (count, one, many = one + "s") =>
  `${number(count)} ${count === 1 ? one : many}`;

/** The first and last digits of a hash or an address. */
export function shorten(text, head = 8, tail = 6) {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/** A number of milliseconds, signed if it is an offset: "12 ms", "1.25 s", "3 min 5 s". */
export function duration(ms) {
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (size < 1000) return `${sign}${Math.round(size)} ms`;
  if (size < 10_000) return `${sign}${(size / 1000).toFixed(2)} s`;
  if (size < 60_000) return `${sign}${(size / 1000).toFixed(1)} s`;
  return sign + long(size);
}

function long(ms) {
  const seconds = Math.floor(ms / 1000);
  const [days, hours, minutes] =
    [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${number(days)} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}

/** Since `then`: clocks differ, so what is ahead of ours is now. */
export const age = (then, now = Date.now()) =>
  now - then < 1000 ? "just now" : `${long(now - then)} ago`;

/** Nodes tell the times of blocks in UTC without a zone, and all others with it. */
export const parseTime = (text) => Date.parse(text.endsWith("Z") ? text : text + "Z");

const pad = (value, digits = 2) => String(value).padStart(digits, "0");
export function localTime(time) {
  const at = new Date(time);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ` +
    `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}
export const utcTime = (time) =>
  new Date(time).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
export const clockTime = (time) => localTime(time).slice(11);

/** The kind of a state word: what stands before its number or reason. */
export const stateKind = (state) => state.split(/[ :]/, 1)[0];
/** Spelled for people: "in sync", "behind 3 blocks", "diverged at 7". */
export function stateWords(state) {
  const behind = /^(behind|ahead) (\d+)$/.exec(state);
  if (behind) return `${behind[1]} ${plural(Number(behind[2]), "block")}`;
  return state.replace("_", " ");
}
