// Short notes of the page itself, which a screen reader says too. They go away by themselves, or by a press.

import { el } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 8000;

/** Tells the person something that belongs to no message. */
export function toast(text) {
  const node = el("div", { class: "toast", data: { testid: "toast" } }, icon("fault"), el("span", {}, text));
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close this note", onclick: () => node.remove() }, icon("close"));
  node.append(close);
  // In an open modal the page below is inert, so the note goes into the modal.
  (document.querySelector("dialog[open] .dialog-notes") ?? document.getElementById("toasts")).append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}
