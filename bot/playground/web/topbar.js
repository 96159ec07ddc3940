// The bar on top: that this is no real Slack, whether the app is there, who acts, and the switches that break things.

import { become } from "./deeds.js";
import { el, fill } from "./dom.js";
import { faultsPanel } from "./faults.js";
import { icon } from "./icons.js";

const parts = {};

/** Draws the bar once and keeps it true. */
export function showTopbar(state) {
  if (!parts.select) build();
  const people = state.users.filter((user) => !user.is_bot);
  const signature = JSON.stringify(people);
  if (parts.select.dataset.people !== signature) {
    parts.select.dataset.people = signature;
    fill(parts.select, people.map((user) => el("option", { value: user.id }, nameOf(user))));
  }
  parts.select.value = state.me;
  const words = !state.isOnline ? "No answer" : state.isBotConnected ? "App connected" : "App not connected";
  const isGood = state.isOnline && state.isBotConnected;
  if (parts.status.textContent !== words) {
    parts.status.className = `status ${isGood ? "status-good" : "status-bad"}`;
    fill(parts.status, icon(isGood ? "check" : "fault"), el("span", {}, words));
  }
  fill(parts.faultCount, state.faults.length ? `${state.faults.length} set` : "");
}

function nameOf(user) {
  const name = user.real_name || user.name;
  if (user.is_restricted) return name.includes("guest") ? name : `${name} (guest)`;
  return user.is_owner || user.is_admin ? `${name} (owner)` : name;
}

function build() {
  parts.status = el("p", { class: "status", role: "status", data: { testid: "status" } });
  parts.select = el("select", { id: "acting-as", class: "select", data: { testid: "acting-as" }, onchange: () => void become(parts.select.value) });
  parts.faultCount = el("span", { class: "fault-count" });
  const panel = faultsPanel();
  const toggle = el(
    "button",
    { type: "button", class: "button", "aria-expanded": "false", "aria-controls": "faults", data: { testid: "break-slack" } },
    icon("fault"),
    "Break Slack",
    parts.faultCount,
  );
  const show = (isShown) => {
    panel.hidden = !isShown;
    toggle.setAttribute("aria-expanded", String(isShown));
  };
  toggle.addEventListener("click", () => show(panel.hidden));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(false);
    toggle.focus();
  });
  const who = el("label", { class: "acting", for: "acting-as" }, "Acting as");
  document.getElementById("topbar").append(parts.status, el("div", { class: "fault-anchor" }, toggle, panel), who, parts.select);
}
