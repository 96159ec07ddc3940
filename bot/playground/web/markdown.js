// The `markdown` block: the Markdown that people use most, as DOM nodes. No HTML is read, none is parsed.

import { el, outward, safeUrl } from "./dom.js";

const FENCE = /^```/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*([-*+]|\d+[.)])\s+(.*)$/;
const QUOTE = /^>\s?(.*)$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;

/** The blocks of a Markdown text. */
export function markdown(text) {
  const lines = String(text).split("\n");
  const nodes = [];
  while (lines.length) {
    if (!lines[0].trim()) lines.shift();
    else nodes.push(blockOf(lines));
  }
  return nodes;
}

function blockOf(lines) {
  if (FENCE.test(lines[0])) return fence(lines);
  const heading = HEADING.exec(lines[0]);
  if (heading) {
    lines.shift();
    return el("p", { class: "markdown-heading", role: "heading", "aria-level": Math.min(heading[1].length + 2, 6) }, inline(heading[2]));
  }
  if (RULE.test(lines[0])) {
    lines.shift();
    return el("hr");
  }
  if (QUOTE.test(lines[0])) return el("blockquote", {}, markdown(taken(lines, QUOTE).map((m) => m[1]).join("\n")));
  if (ITEM.test(lines[0])) return list(lines);
  return paragraph(lines);
}

function taken(lines, pattern) {
  const found = [];
  while (lines.length) {
    const match = pattern.exec(lines[0]);
    if (!match) break;
    found.push(match);
    lines.shift();
  }
  return found;
}

function fence(lines) {
  lines.shift();
  const inside = [];
  while (lines.length && !FENCE.test(lines[0])) inside.push(lines.shift());
  lines.shift();
  return el("pre", { class: "code" }, inside.join("\n"));
}

function list(lines) {
  const found = taken(lines, ITEM);
  const tag = /\d/.test(found[0][1]) ? "ol" : "ul";
  return el(tag, {}, found.map((match) => el("li", {}, inline(match[2]))));
}

function paragraph(lines) {
  const inside = [];
  while (lines.length && lines[0].trim() && ![FENCE, HEADING, ITEM, QUOTE, RULE].some((p) => p.test(lines[0]))) {
    inside.push(lines.shift());
  }
  return el("p", {}, inline(inside.join("\n")));
}

const SPANS = [
  { pattern: /`([^`]+)`/y, make: (m) => el("code", {}, m[1]) },
  { pattern: /\[([^\]\n]+)\]\(([^()\s]+)\)/y, make: (m) => (safeUrl(m[2]) ? el("a", outward(safeUrl(m[2])), m[1]) : null) },
  { pattern: /(\*\*|__)(?=\S)(.+?\S|\S)\1/y, make: (m) => el("strong", {}, inline(m[2])) },
  { pattern: /~~(?=\S)(.+?)~~/y, make: (m) => el("s", {}, inline(m[1])) },
  { pattern: /([*_])(?=\S)([^*_]*[^*_\s])\1/y, make: (m) => el("em", {}, inline(m[2])) },
];

function inline(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const found = spanAt(text, at);
    if (!found) {
      plain += text[at++];
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(found.node);
    at += found.length;
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function spanAt(text, at) {
  for (const { pattern, make } of SPANS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const node = match && make(match);
    if (node) return { node, length: match[0].length };
  }
  return null;
}
