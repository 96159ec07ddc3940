// Slack's mrkdwn as DOM nodes. Whatever a text holds, it becomes text, or one of the few elements made here.
// Source: docs.slack.dev/messaging/formatting-message-text.

import { el, outward, safeUrl } from "./dom.js";
import { emoji } from "./emoji.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** Names of people and channels by id, for mentions; the app sets it when it knows the workspace. */
export const names = { users: new Map(), channels: new Map(), me: null };

/** The three characters that Slack escapes, as they were. */
export function unescape(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

/** Nodes of a text object: `plain_text` knows emoji only. */
export function textObject(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plainText(object.text ?? "");
}

/** Nodes of a text without markup. */
export function plainText(text) {
  return splitBy(String(text), /:([a-z0-9_+-]+):/g, (match) => emoji(match[1]) ?? match[0]);
}

/** Nodes of a text with markup. */
export function mrkdwn(text) {
  return splitBy(String(text), /\n?```\n?([\s\S]*?)\n?```\n?/g, (match) => el("pre", { class: "code" }, bare(match[1])), quoted);
}

function splitBy(text, pattern, make, between = (part) => [part]) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) nodes.push(...between(text.slice(end, match.index)));
    nodes.push(make(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(...between(text.slice(end)));
  return nodes;
}

/** Text inside code: markup is not read, references show their label. */
function bare(text) {
  return unescape(text.replace(/<([^<>|\n]+)(?:\|([^<>\n]*))?>/g, (_, target, label) => label || target));
}

function quoted(text) {
  const nodes = [];
  let quote = null;
  for (const line of text.split("\n")) {
    const inside = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (inside) {
      if (!quote) nodes.push((quote = el("blockquote")));
      if (quote.hasChildNodes()) quote.append("\n");
      quote.append(...inline(inside[1]));
      continue;
    }
    if (nodes.length && !quote) nodes.push("\n");
    quote = null;
    nodes.push(...inline(line));
  }
  return nodes;
}

// In the order in which they are tried. `wraps` need a border on both sides, as in Slack: 2*3*4 is no bold text.
const RULES = [
  { pattern: /`([^`]+)`/y, make: (match) => el("code", {}, bare(match[1])) },
  { pattern: /<([^<>]+)>/y, make: (match) => reference(match[1]) },
  { pattern: /https?:\/\/(?:&amp;|[^\s<>|`&])*(?:&amp;|[^\s<>|`&.,;:!?'")*_~])/y, wraps: true, make: (match) => bareLink(match[0]) },
  { pattern: /:([a-z0-9_+:-]+):/y, make: (match) => emoji(match[1]) },
  { pattern: /\*(?=\S)([^*]*[^*\s])\*(?![\p{L}\p{N}_*])/uy, wraps: true, make: (match) => el("strong", {}, inline(match[1])) },
  { pattern: /_(?=\S)([^_]*[^_\s])_(?![\p{L}\p{N}_])/uy, wraps: true, make: (match) => el("em", {}, inline(match[1])) },
  { pattern: /~(?=\S)([^~]*[^~\s])~(?![\p{L}\p{N}_~])/uy, wraps: true, make: (match) => el("s", {}, inline(match[1])) },
];

function inline(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const found = ruleAt(text, at);
    if (found) {
      if (plain) nodes.push(unescape(plain));
      plain = "";
      nodes.push(found.node);
      at += found.length;
    } else plain += text[at++];
  }
  if (plain) nodes.push(unescape(plain));
  return nodes;
}

function ruleAt(text, at) {
  if (!"`<h:*_~".includes(text[at])) return null;
  for (const { pattern, wraps, make } of RULES) {
    if (wraps && at > 0 && /[\p{L}\p{N}_]/u.test(text[at - 1])) continue;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const node = match && make(match);
    if (node) return { node, length: match[0].length };
  }
  return null;
}

/** An address that nobody marked as one: Slack links it too. */
function bareLink(text) {
  const href = safeUrl(unescape(text));
  return href && el("a", outward(href), unescape(text));
}

function reference(inside) {
  const [target, ...rest] = inside.split("|");
  const label = rest.join("|");
  if (/^@[UW]/.test(target)) return mention(target.slice(1), label);
  if (/^#C/.test(target)) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const href = safeUrl(unescape(target));
  if (!href) return document.createTextNode(unescape(`<${inside}>`));
  return el("a", outward(href), label ? plainText(unescape(label)) : unescape(target));
}

/** `@Ada`, marked when it is the one who looks. */
export function mention(id, label = "") {
  const name = names.users.get(id) ?? (label || id);
  return el("span", { class: id === names.me ? "mention mention-me" : "mention" }, `@${unescape(name)}`);
}

/** `#general`. */
export function channelMention(id, label = "") {
  return el("span", { class: "mention" }, `#${unescape(names.channels.get(id) ?? (label || id))}`);
}

function special(command, label) {
  const [name, ...parts] = command.split("^");
  if (name === "date") return el("time", {}, dateText(parts[0], parts[1] ?? "", label));
  if (name === "subteam") return el("span", { class: "mention" }, unescape(label || parts[0] || ""));
  return el("span", { class: "mention" }, `@${unescape(label || name)}`);
}

const DATE_PARTS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  date_pretty: { year: "numeric", month: "long", day: "numeric" },
  date_short_pretty: { year: "numeric", month: "short", day: "numeric" },
  date_long_pretty: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** A `<!date^...>` in the reader's own time zone; the fallback where it is no date. */
export function dateText(seconds, format, fallback) {
  const when = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(when.getTime())) return unescape(fallback);
  return unescape(format).replace(/\{(\w+)\}/g, (whole, part) =>
    Object.hasOwn(DATE_PARTS, part) ? when.toLocaleString(undefined, DATE_PARTS[part]) : whole,
  );
}
