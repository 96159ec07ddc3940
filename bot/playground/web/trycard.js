// What to try first: above an empty #general in full, later as one line that opens.

import { el, reconcile } from "./dom.js";

/** Shows the card where it belongs. */
export function tryCard(parent, state, channel, isEmpty) {
  const isHere = channel.name === "general" && state.samples.length > 0;
  reconcile(parent, isHere ? [{ samples: state.samples, isEmpty }] : [], {
    key: () => "try",
    signature: (card) => JSON.stringify(card),
    draw: (card) => (card.isEmpty ? full(card) : folded(card)),
  });
}

function full({ samples }) {
  return el(
    "section",
    { class: "try", "aria-labelledby": "try-title", data: { testid: "try" } },
    el("h2", { id: "try-title" }, "Try it"),
    el("p", {}, "A slash command turns a repository into a running environment. Its thread tells how far it is and ends in buttons that open it."),
    rows(samples),
    el("p", { class: "hint" }, "Or type ", el("code", {}, "/binder"), " alone for a form, or with any repository."),
  );
}

function folded({ samples }) {
  return el("details", { class: "try try-folded", data: { testid: "try" } }, el("summary", {}, "Sample commands to try"), rows(samples));
}

function rows(samples) {
  return samples.map((sample) => {
    const command = `/binder ${sample.url}`;
    return el(
      "div",
      { class: "try-row" },
      el("div", {}, el("code", {}, command), el("p", { class: "hint" }, sample.about)),
      el("button", { type: "button", class: `button ${sample.name === "sample" ? "button-primary" : ""}`, onclick: () => run(command), data: { testid: `try-${sample.name}` } }, sample.title),
    );
  });
}

/** Through the field, as a person would type it, so that one sees what is run. */
function run(command) {
  const field = document.getElementById("composer");
  field.value = command;
  field.dispatchEvent(new Event("input"));
  field.focus();
  field.form.requestSubmit();
}
