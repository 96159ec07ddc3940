// Block Kit's blocks as DOM nodes; a block that this page does not know becomes a visible note, never nothing.
// `context` says where they stand: `press(block, element, value)`, `form` (in modals), `group` (names focusable controls).

import { el, outward, safeUrl } from "./dom.js";
import { drawElement } from "./elements.js";
import { markdown } from "./markdown.js";
import { textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { table } from "./table.js";
import { plan, taskCard } from "./tasks.js";

/** All blocks of a message or view. */
export function drawBlocks(blocks, context) {
  return blocks.map((block) => {
    const draw = Object.hasOwn(BLOCKS, block.type) ? BLOCKS[block.type] : unknown;
    return el("div", { class: `block block-${draw === unknown ? "unknown" : block.type}` }, draw(block, context));
  });
}

const BLOCKS = {
  section,
  header: (block) => el("h3", {}, textObject(block.text)),
  divider: () => el("hr"),
  context: (block) => block.elements.map((it) => (it.type === "image" ? picture(it) : el("span", {}, textObject(it)))),
  actions: (block, context) => block.elements.map((it) => drawElement(it, block, context)),
  rich_text: richText,
  plan,
  task_card: taskCard,
  markdown: (block) => markdown(block.text),
  input,
  image: (block) => el("figure", {}, block.title && el("figcaption", {}, textObject(block.title)), picture(block)),
  table,
  alert: (block) => el("p", { class: `alert alert-${block.level ?? "default"}`, role: "note" }, textObject(block.text)),
};

function unknown(block) {
  return el("p", { class: "unknown" }, `A block of type “${block.type}”, which the playground does not draw.`);
}

function section(block, context) {
  return [
    el(
      "div",
      { class: "section-text" },
      block.text && el("div", {}, textObject(block.text)),
      block.fields && el("div", { class: "section-fields" }, block.fields.map((it) => el("div", {}, textObject(it)))),
    ),
    block.accessory &&
      el("div", { class: "section-accessory" }, block.accessory.type === "image" ? picture(block.accessory) : drawElement(block.accessory, block, context)),
  ];
}

/** Pictures from elsewhere are named and linked, not loaded: the page asks no other host for anything. */
function picture(image) {
  const href = safeUrl(image.image_url ?? "");
  if (href && new URL(href).origin === location.origin) return el("img", { src: href, alt: image.alt_text });
  const said = `Image: ${image.alt_text}`;
  return el("span", { class: "picture" }, href ? el("a", outward(href), said) : said);
}

let inputs = 0;

function input(block, context) {
  const id = `input-${++inputs}`;
  const isGroup = ["checkboxes", "radio_buttons", "multi_static_select"].includes(block.element.type);
  const label = [textObject(block.label), block.optional && el("span", { class: "optional" }, " (optional)")];
  const describedBy = block.hint ? `${id}-hint` : null;
  const control = drawElement(block.element, block, context, { id, describedBy, isGroup });
  const hint = block.hint && el("p", { class: "hint", id: `${id}-hint` }, textObject(block.hint));
  return isGroup
    ? el("fieldset", { id: `${id}-field` }, el("legend", {}, label), control, hint)
    : [el("label", { for: id }, label), control, hint];
}
