// The `rich_text` block as DOM nodes. Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.

import { el, outward, safeUrl } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, dateText, mention } from "./mrkdwn.js";

/** The parts of a rich text block. */
export function richText(block) {
  return (block.elements ?? []).map(part);
}

const PARTS = {
  rich_text_section: (it) => el("p", { class: "rich-section" }, spans(it)),
  rich_text_preformatted: (it) => el("pre", { class: "code" }, spans(it)),
  rich_text_quote: (it) => el("blockquote", {}, spans(it)),
  rich_text_list: (it) =>
    el(
      it.style === "ordered" ? "ol" : "ul",
      { class: `rich-list indent-${Math.min(it.indent ?? 0, 4)}`, start: it.offset ? it.offset + 1 : null },
      (it.elements ?? []).map((item) => el("li", {}, spans(item))),
    ),
};

function part(it) {
  return Object.hasOwn(PARTS, it.type) ? PARTS[it.type](it) : el("p", { class: "unknown" }, `Not drawn here: ${it.type}`);
}

function spans(it) {
  return (it.elements ?? []).map((span) => styled(spanContent(span), span.style));
}

function spanContent(span) {
  switch (span.type) {
    case "text":
      return span.text;
    case "link": {
      const href = safeUrl(span.url);
      return href ? el("a", outward(href), span.text || span.url) : span.text || span.url;
    }
    case "emoji":
      return emoji(span.name) ?? `:${span.name}:`;
    case "user":
      return mention(span.user_id);
    case "channel":
      return channelMention(span.channel_id);
    case "broadcast":
      return el("span", { class: "mention" }, `@${span.range}`);
    case "date":
      return el("time", {}, dateText(span.timestamp, span.format, span.fallback ?? ""));
    default:
      return el("span", { class: "unknown" }, `[${span.type}]`);
  }
}

function styled(content, style) {
  if (!style) return content;
  let node = content;
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[name]) node = el(tag, {}, node);
  }
  return node;
}
