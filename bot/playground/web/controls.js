// The controls that hold a value. Each is {node, field, read(), write(value)}: `field` is what takes the focus and the
// error's description; `read` gives what the person API takes: a text, an option's value, or a list of such values.

import { el } from "./dom.js";
import { names, plainText, textObject } from "./mrkdwn.js";
import { myChannels, myDirect, titleOf } from "./state.js";

let groups = 0;

/** Makers by element type. */
export const controls = {
  plain_text_input: (it, labelling) =>
    it.multiline ? typed(el("textarea", { rows: 4 }), it, labelling) : typed(el("input", { type: "text" }), it, labelling),
  number_input: (it, labelling) => typed(el("input", { type: "text", inputmode: it.is_decimal_allowed ? "decimal" : "numeric" }), it, labelling),
  url_text_input: (it, labelling) => typed(el("input", { type: "text", inputmode: "url" }), it, labelling),
  email_text_input: (it, labelling) => typed(el("input", { type: "text", inputmode: "email" }), it, labelling),
  datepicker: (it, labelling) => typed(el("input", { type: "date" }), { ...it, initial_value: it.initial_date }, labelling),
  timepicker: (it, labelling) => typed(el("input", { type: "time" }), { ...it, initial_value: it.initial_time }, labelling),
  static_select: (it, labelling) => select(it, it.option_groups ?? [{ options: it.options ?? [] }], it.initial_option?.value, labelling),
  users_select: (it, labelling) => select(it, named(names.users), it.initial_user, labelling),
  channels_select: (it, labelling) => select(it, named(names.channels), it.initial_channel, labelling),
  conversations_select: (it, labelling) => select(it, named(myConversations()), it.initial_conversation, labelling),
  radio_buttons: (it, labelling) => choices(it, "radio", it.options, it.initial_option ? [it.initial_option] : [], labelling),
  checkboxes: (it, labelling) => choices(it, "checkbox", it.options, it.initial_options ?? [], labelling),
  multi_static_select: (it, labelling) =>
    choices(it, "checkbox", it.options ?? it.option_groups.flatMap((group) => group.options), it.initial_options ?? [], labelling),
};

function label(field, element, { id, describedBy }) {
  if (id) field.id = id;
  else field.setAttribute("aria-label", element.placeholder?.text ?? "Choose");
  if (describedBy) field.setAttribute("aria-describedby", describedBy);
}

function typed(field, element, labelling) {
  label(field, element, labelling);
  field.classList.add("field");
  field.autocomplete = "off";
  field.spellcheck = false;
  if (element.placeholder) field.placeholder = plainText(element.placeholder.text).join("");
  field.value = element.initial_value ?? "";
  if (element.focus_on_load) field.dataset.focusFirst = "true";
  return { node: field, field, read: () => field.value, write: (value) => (field.value = value) };
}

function myConversations() {
  const mine = [...myChannels(), myDirect()].filter(Boolean);
  return new Map(mine.map((it) => [it.id, it.kind === "direct" ? `${titleOf(it)} (direct message)` : titleOf(it)]));
}

function named(map) {
  return [{ options: [...map].map(([id, shown]) => ({ value: id, text: { type: "plain_text", text: shown } })) }];
}

function select(element, optionGroups, initial, labelling) {
  const drawn = optionGroups.map((group) => {
    const options = group.options.map((option) => el("option", { value: option.value }, textObject(option.text)));
    return group.label ? el("optgroup", { label: group.label.text }, options) : options;
  });
  const nothing = el("option", { value: "" }, element.placeholder?.text ?? "Choose an option");
  const field = el("select", { class: "field select" }, nothing, drawn);
  label(field, element, labelling);
  field.value = initial ?? "";
  if (element.focus_on_load) field.dataset.focusFirst = "true";
  return { node: field, field, read: () => field.value, write: (value) => (field.value = value) };
}

function choices(element, type, options, initial, { id, describedBy }) {
  const chosen = new Set(initial.map((option) => option.value));
  const group = `choice-${++groups}`;
  const boxes = options.map((option) => el("input", { type, name: group, value: option.value, checked: chosen.has(option.value) }));
  const rows = options.map((option, index) =>
    el(
      "label",
      { class: "choice" },
      boxes[index],
      el("span", {}, textObject(option.text), option.description && el("span", { class: "hint" }, textObject(option.description))),
    ),
  );
  const node = el("div", { class: "choices", id, "aria-describedby": describedBy }, rows);
  const values = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return {
    node,
    field: boxes[0] ?? node,
    read: () => (type === "radio" ? (values()[0] ?? "") : values()),
    write: (value) => boxes.forEach((box) => (box.checked = [value].flat().includes(box.value))),
  };
}
