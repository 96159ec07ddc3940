// Modals: the top view of the stack in one dialog, so that the browser keeps the focus inside and Escape goes back.

import { drawBlocks } from "./blocks.js";
import { closeView, pressView, submit, told } from "./deeds.js";
import { el, fill, focusWithin, restoreFocus } from "./dom.js";
import { Form } from "./form.js";
import { icon } from "./icons.js";
import { textObject } from "./mrkdwn.js";

let shown = null; // {dialog, view, form, depth}
const typed = new Map(); // view id -> what was typed, for when the view changes or comes back from below another

/** Shows the top modal, or none. */
export function showModal(state) {
  const view = state.views.at(-1);
  if (!view) return close();
  const depth = state.views.length;
  if (shown && shown.view.id === view.id && shown.view.hash === view.hash && shown.depth === depth) return null;
  const isSame = shown?.view.id === view.id;
  if (shown) typed.set(shown.view.id, shown.form.values());
  const dialog = shown?.dialog ?? openDialog();
  const focus = isSame ? focusWithin(dialog) : null;
  shown = { dialog, view, depth, form: new Form() };
  draw(view, depth);
  shown.form.restore(typed.get(view.id) ?? {});
  if (focus) restoreFocus(dialog.parentElement, focus);
  else focusFirst(dialog);
  return null;
}

function close() {
  if (!shown) return;
  const { dialog } = shown;
  shown = null;
  typed.clear();
  dialog.close();
  dialog.remove();
  if (document.activeElement === document.body) document.getElementById("composer")?.focus();
}

function openDialog() {
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": "modal-title", data: { testid: "modal", "focus-group": "modal" } });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (shown) void closeView(shown.view);
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function draw(view, depth) {
  const { dialog, form } = shown;
  const context = { group: view.id, form, press: (block, element, value) => pressView(view, block, element, value, form.values()) };
  const notes = el("div", { class: "dialog-notes", role: "status" });
  const send = view.submit && el("button", { type: "submit", class: "button button-primary", data: { testid: "modal-submit" } }, textObject(view.submit));
  const back = depth > 1 && el("button", { type: "button", class: "icon-button", "aria-label": "Back", onclick: () => void closeView(view) }, icon("back"));
  fill(
    dialog,
    el(
      "form",
      { novalidate: true, onsubmit: (event) => void submitted(event, view, send, notes) },
      el(
        "header",
        { class: "dialog-head" },
        back,
        el("h2", { id: "modal-title" }, textObject(view.title)),
        el("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => void closeView(view, { all: true }), data: { testid: "modal-close" } }, icon("close")),
      ),
      el("div", { class: "dialog-body" }, notes, drawBlocks(view.blocks, context)),
      el(
        "footer",
        { class: "dialog-foot" },
        el("button", { type: "button", class: "button", onclick: () => void closeView(view), data: { testid: "modal-cancel" } }, view.close ? textObject(view.close) : send ? "Cancel" : "Close"),
        send,
      ),
    ),
  );
}

function focusFirst(dialog) {
  const field =
    dialog.querySelector("[data-focus-first]") ??
    dialog.querySelector(".dialog-body :is(input, textarea, select, button, a[href])") ??
    dialog.querySelector(".dialog-foot button:last-child");
  field?.focus();
}

async function submitted(event, view, send, notes) {
  event.preventDefault();
  const { form } = shown;
  if (!send || send.getAttribute("aria-busy") === "true") return;
  fill(notes);
  const mistakes = form.mistakes();
  if (Object.keys(mistakes).length) return void form.show(mistakes);
  form.clear();
  send.setAttribute("aria-busy", "true");
  try {
    const errors = await submit(view, form.values());
    const homeless = form.show(errors);
    if (homeless.length) fill(notes, homeless.map((text) => el("p", { class: "field-error", data: { testid: "field-error" } }, el("strong", {}, "Error: "), text)));
  } catch (error) {
    fill(notes, el("p", { class: "field-error", data: { testid: "modal-error" } }, el("strong", {}, "Not sent: "), told(error)));
  } finally {
    send.removeAttribute("aria-busy");
  }
}
