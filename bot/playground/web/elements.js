// Block Kit's interactive elements. In a form a control is registered and read at submission; outside an `input` block
// each use is a press. Every control carries `data-action-id`.

import { controls } from "./controls.js";
import { confirmed } from "./confirm.js";
import { el, outward, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { textObject } from "./mrkdwn.js";

/** One element. `labelling` ties a control to the label of its `input` block: id, describedBy, isGroup. */
export function drawElement(element, block, context, labelling = {}) {
  if (element.type === "button" || element.type === "workflow_button") return button(element, block, context);
  if (element.type === "overflow") return overflow(element, block, context);
  if (!Object.hasOwn(controls, element.type)) {
    return el("span", { class: "unknown" }, `An element of type “${element.type}”, which the playground does not draw.`);
  }
  const control = controls[element.type](element, labelling);
  name(control.node, element, block, context);
  control.field?.setAttribute("data-action-id", element.action_id ?? "");
  context.form?.register(block, element, control);
  if (block.type !== "input" || block.dispatch_action) {
    control.node.addEventListener("change", async () => {
      if (!element.confirm || (await confirmed(element.confirm))) await context.press(block, element, control.read());
    });
  }
  return control.node;
}

function name(node, element, block, context) {
  node.dataset.actionId = element.action_id ?? "";
  node.dataset.focusName = `${context.group}/${element.action_id}/${element.value ?? ""}`;
  node.dataset.blockId = block.block_id ?? "";
}

function button(element, block, context) {
  const href = element.url ? safeUrl(element.url) : null;
  const look = {
    class: `button ${element.style ? `button-${element.style}` : ""}`,
    "aria-label": element.accessibility_label,
  };
  const label = textObject(element.text);
  const node = href
    ? el("a", { ...look, ...outward(href) }, label, icon("outward"), el("span", { class: "unseen" }, " (opens a new tab)"))
    : el("button", { ...look, type: "button" }, label);
  name(node, element, block, context);
  node.addEventListener("click", (event) => void pressed(event, { node, element, block, context, href }));
  return node;
}

async function pressed(event, { node, element, block, context, href }) {
  if (node.getAttribute("aria-busy") === "true") return event.preventDefault();
  if (element.confirm) {
    event.preventDefault();
    if (!(await confirmed(element.confirm))) return;
    if (href) window.open(href, "_blank", "noopener,noreferrer");
  }
  node.setAttribute("aria-busy", "true");
  try {
    await context.press(block, element);
  } finally {
    node.removeAttribute("aria-busy");
  }
}

function overflow(element, block, context) {
  const node = el("button", { class: "button button-icon", type: "button", "aria-haspopup": "menu", "aria-label": "More actions" }, icon("more"));
  name(node, element, block, context);
  node.addEventListener("click", async () => {
    const option = await openMenu(node, element.options);
    if (!option) return;
    if (element.confirm && !(await confirmed(element.confirm))) return;
    const href = option.url && safeUrl(option.url);
    if (href) window.open(href, "_blank", "noopener,noreferrer");
    await context.press(block, element, option.value);
  });
  return node;
}
