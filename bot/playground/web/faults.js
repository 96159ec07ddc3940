// "Break Slack": the switches for what goes wrong between Slack and an app, so that one can see what the app makes of it.

import { post } from "./api.js";
import { tried } from "./deeds.js";
import { el, fill } from "./dom.js";
import { loadFaults } from "./loading.js";
import { state, watch } from "./state.js";

const KINDS = [
  ["429", "Too many requests (429)", "calls are refused, with a Retry-After"],
  ["500", "Server error (500)", "calls fail before they take effect"],
  ["slow", "Slow", "calls are answered late"],
  ["cut", "Cut answer", "calls take effect, but their answer is lost"],
  ["twice", "Delivered twice", "commands, presses and events reach the app two times"],
];
const METHODS = [
  "chat.postMessage", "chat.update", "chat.postEphemeral", "chat.delete", "views.open", "views.update", "views.publish", "response_url",
  "files.getUploadURLExternal", "upload", "files.completeUploadExternal", "apps.connections.open", "auth.test",
];
const REASONS = ["warning", "refresh_requested", "link_disabled", "too_many_websockets"];

/** The panel, hidden at first. */
export function faultsPanel() {
  const active = el("div", { class: "fault-list", "aria-live": "polite" });
  const note = el("p", { class: "hint", role: "status" });
  watch(() => showActive(active));
  return el(
    "section",
    { class: "faults", id: "faults", "aria-label": "Break Slack", hidden: true, data: { testid: "faults" } },
    el("h2", {}, "Break Slack"),
    el("p", { class: "hint" }, "For the next calls of the app. What you see here must come out right all the same."),
    nextCalls(),
    disconnecting(note),
    note,
    active,
  );
}

function nextCalls() {
  const kinds = KINDS.map(([kind, title, about], index) =>
    el(
      "label",
      { class: "choice" },
      el("input", { type: "radio", name: "fault-kind", value: kind, checked: index === 0, data: { testid: `fault-${kind}` } }),
      el("span", {}, title, el("span", { class: "hint" }, about)),
    ),
  );
  const count = el("input", { class: "field field-short", type: "number", min: "1", max: "1000", id: "fault-count", value: "1" });
  const seconds = el("input", { class: "field field-short", type: "number", min: "0", max: "120", id: "fault-seconds", value: "2" });
  const method = el("select", { class: "field select", id: "fault-method" }, el("option", { value: "" }, "any method"), METHODS.map((it) => el("option", { value: it }, it)));
  const submit = async (event) => {
    event.preventDefault();
    const kind = form.querySelector("input[name=fault-kind]:checked").value;
    const wait = Number(seconds.value);
    const timing = { 429: { retry_after: Math.ceil(wait) }, slow: { seconds: wait } }[kind] ?? {};
    await tried(() => post("faults", { kind, count: Number(count.value), method: kind === "twice" ? "" : method.value, ...timing }));
    await tried(loadFaults);
  };
  const form = el(
    "form",
    { onsubmit: submit },
    el("fieldset", {}, el("legend", { class: "unseen" }, "What goes wrong"), kinds),
    el("div", { class: "fault-row" }, el("label", { for: "fault-count" }, "Next calls"), count, el("label", { for: "fault-seconds" }, "Seconds"), seconds),
    el("div", { class: "fault-row" }, el("label", { for: "fault-method" }, "Of"), method, el("button", { class: "button button-primary", type: "submit", data: { testid: "fault-set" } }, "Set")),
  );
  return form;
}

function disconnecting(note) {
  const reason = el("select", { class: "field select", id: "fault-reason" }, REASONS.map((it) => el("option", { value: it }, it)));
  const submit = async (event) => {
    event.preventDefault();
    const reply = await tried(() => post("faults", { kind: "disconnect", reason: reason.value }));
    fill(note, reply ? "The app was told to go; it comes back by itself." : "");
    await tried(loadFaults);
  };
  return el(
    "form",
    { class: "fault-row fault-disconnect", onsubmit: submit },
    el("label", { for: "fault-reason" }, "Socket"),
    reason,
    el("button", { class: "button", type: "submit", data: { testid: "fault-disconnect" } }, "Disconnect"),
  );
}

function showActive(active) {
  const signature = JSON.stringify(state.faults);
  if (active.dataset.shown === signature) return;
  active.dataset.shown = signature;
  const clear = async () => {
    await tried(() => post("faults", { kind: "clear" }));
    await tried(loadFaults);
  };
  fill(
    active,
    state.faults.length > 0 && [
      el("h3", {}, "Set now"),
      el("ul", {}, state.faults.map((fault) => el("li", {}, describe(fault)))),
      el("button", { type: "button", class: "button", onclick: () => void clear(), data: { testid: "fault-clear" } }, "Clear all"),
    ],
  );
}

function describe(fault) {
  const title = KINDS.find(([kind]) => kind === fault.kind)?.[1] ?? fault.kind;
  const what = fault.kind === "twice" ? "delivery" : "call";
  return `${title}: next ${fault.count === 1 ? what : `${fault.count} ${what === "call" ? "calls" : "deliveries"}`}${fault.method ? ` of ${fault.method}` : ""}`;
}
