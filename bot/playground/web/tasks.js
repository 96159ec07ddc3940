// The `plan` and `task_card` blocks: a list of steps. Each step's state is a word and a shape, the colour only repeats it.

import { el, outward, safeUrl } from "./dom.js";
import { icon } from "./icons.js";
import { richText } from "./richtext.js";

const STATES = {
  pending: { word: "waiting", drawing: "circle" },
  in_progress: { word: "in progress", drawing: "half" },
  complete: { word: "done", drawing: "check" },
  error: { word: "error", drawing: "cross" },
};

/** A plan's title and its steps. */
export function plan(block) {
  const title = typeof block.title === "string" ? block.title : (block.title?.text ?? "");
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  return el(
    "div",
    { class: "plan" },
    el("p", { class: "plan-title" }, title, el("span", { class: "plan-count" }, `${done} of ${tasks.length} done`)),
    el("ol", { class: "tasks" }, tasks.map((task) => el("li", { class: `task task-${task.status ?? "pending"}` }, step(task)))),
  );
}

/** A step that stands alone. */
export function taskCard(task) {
  return el("div", { class: `plan task task-${task.status ?? "pending"}` }, step(task));
}

function step(task) {
  const state = STATES[task.status] ?? STATES.pending;
  const sources = (task.sources ?? []).map((it) => [it, safeUrl(it.url)]).filter(([, href]) => href);
  return [
    el("span", { class: "task-mark" }, icon(state.drawing)),
    el(
      "div",
      { class: "task-body" },
      el("p", { class: "task-title" }, task.title, el("span", { class: "task-state" }, state.word)),
      task.details && el("div", { class: "task-details" }, richText(task.details)),
      task.output && el("div", { class: "task-output" }, richText(task.output)),
      sources.length > 0 && el("p", { class: "task-sources" }, sources.map(([it, href]) => el("a", outward(href), it.text || href))),
    ),
  ];
}
