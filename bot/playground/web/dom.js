// Builds and replaces DOM nodes. Text only ever goes in as text: nothing here, and nothing that uses it, parses HTML.

const identity = new WeakMap(); // node -> {key, signature} of what `reconcile` drew

/** An element. `on*` are listeners, `data` and `aria` are prefixed; false, null and undefined leave an attribute out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children.flat(Infinity).filter(isShown));
  return node;
}

function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

function setAttribute(node, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "data" || name === "aria") {
    for (const [part, text] of Object.entries(value)) setAttribute(node, `${name}-${part}`, text);
  } else if (name === "value" || name === "checked") node[name] = value;
  else node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
}

/** Replaces everything in a node. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter(isShown));
}

/**
 * Makes a parent's children those of `items`, drawing only what is new or has another signature, so that what did not
 * change keeps its focus, selection and scroll place. The focus survives where a redrawn item has the same control.
 */
export function reconcile(parent, items, { key, signature, draw }) {
  const focus = focusWithin(parent);
  const known = new Map([...parent.children].map((node) => [identity.get(node)?.key, node]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const [itemKey, itemSignature] = [key(item), signature(item)];
    let node = known.get(itemKey);
    if (!node || identity.get(node).signature !== itemSignature) {
      const fresh = draw(item);
      identity.set(fresh, { key: itemKey, signature: itemSignature });
      if (node) {
        if (place === node) place = fresh;
        node.replaceWith(fresh);
      }
      node = fresh;
    }
    known.delete(itemKey);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of known.values()) node.remove();
  restoreFocus(parent, focus);
}

/** What tells a control from others of its parent, if one of them has the focus. */
export function focusWithin(parent) {
  const active = document.activeElement;
  if (!active || active === parent || !parent.contains(active)) return null;
  const holder = active.closest("[data-focus-group]");
  return { node: active, group: holder?.dataset.focusGroup, name: active.dataset.focusName };
}

/** Gives the focus to the control that stands where the focused one stood, if that one is gone. */
export function restoreFocus(parent, focus) {
  if (!focus || focus.node.isConnected || !focus.group) return;
  const group = parent.querySelector(`[data-focus-group="${CSS.escape(focus.group)}"]`);
  if (!group) return;
  const same = focus.name && group.querySelector(`[data-focus-name="${CSS.escape(focus.name)}"]`);
  (same || group).focus({ preventScroll: true });
}

/** The address as a link may carry it, else null: http, https and mailto only. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Attributes of a link that opens in a new tab and tells the other page nothing. */
export function outward(href) {
  return { href, target: "_blank", rel: "noopener noreferrer" };
}
