// The fields of one modal: what is in them, what Slack's own client refuses before it asks the app, where errors stand.

import { el } from "./dom.js";

/** The controls of a view, by block and action. */
export class Form {
  fields = [];

  /** Remembers a control that a view drew. */
  register(block, element, control) {
    this.fields.push({ block, element, control });
  }

  /** What the person API takes: `{block_id: {action_id: value}}`. Empty fields are null. */
  values() {
    const values = {};
    for (const { block, element, control } of this.fields) {
      const value = control.read();
      (values[block.block_id] ??= {})[element.action_id] = value.length ? value : null;
    }
    return values;
  }

  /** Puts in what was typed before the view changed, where a field of the same name is still there. */
  restore(values) {
    for (const { block, element, control } of this.fields) {
      const value = values[block.block_id]?.[element.action_id];
      if (value) control.write(value);
    }
  }

  /** What is missing or malformed, by block_id. */
  mistakes() {
    const found = {};
    for (const { block, element, control } of this.fields) {
      const mistake = block.type === "input" ? mistakeOf(block, element, control.read()) : null;
      if (mistake) found[block.block_id] = mistake;
    }
    return found;
  }

  /** Shows errors at their fields, focuses the first, and returns those that have no field. */
  show(errors) {
    this.clear();
    const left = { ...errors };
    let first = null;
    for (const { block, control } of this.fields) {
      const text = errors[block.block_id];
      if (!text || !Object.hasOwn(left, block.block_id)) continue;
      delete left[block.block_id];
      mark(control, text);
      first ??= control.field;
    }
    first?.focus();
    return Object.values(left);
  }

  /** Takes all errors away. */
  clear() {
    for (const { control } of this.fields) {
      control.error?.remove();
      control.error = null;
      control.field.removeAttribute("aria-invalid");
      control.field.removeAttribute("aria-errormessage");
    }
  }
}

let errors = 0;

function mark(control, text) {
  const id = `field-error-${++errors}`;
  control.error = el("p", { class: "field-error", id, data: { testid: "field-error" }, role: "alert" }, el("strong", {}, "Error: "), text);
  control.field.setAttribute("aria-invalid", "true");
  control.field.setAttribute("aria-errormessage", id);
  control.node.after(control.error);
}

const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** In the words of Slack's client; null where it would let it pass. */
function mistakeOf(block, element, value) {
  if (!value.length) return block.optional ? null : "Please complete this required field.";
  if (element.min_length && value.length < element.min_length) return `Please enter at least ${element.min_length} characters.`;
  if (element.max_length && value.length > element.max_length) return `Please enter at most ${element.max_length} characters.`;
  if (element.type === "number_input") return numberMistake(element, value);
  if (element.type === "email_text_input" && !EMAIL.test(value)) return "Please enter a valid email address.";
  if (element.type === "url_text_input" && !URL.canParse(value)) return "Please enter a valid URL.";
  return null;
}

function numberMistake(element, value) {
  const number = Number(value);
  if (Number.isNaN(number)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
  if (element.min_value && number < Number(element.min_value)) return `Please enter ${element.min_value} or more.`;
  if (element.max_value && number > Number(element.max_value)) return `Please enter ${element.max_value} or less.`;
  return null;
}
