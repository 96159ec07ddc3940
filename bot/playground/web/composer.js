// The message field of a channel or a thread. Enter sends, Shift+Enter begins a new line.

import { runCommand, say } from "./deeds.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { appName } from "./state.js";

const drafts = new Map(); // place -> what was typed and not sent

/** A field for a channel; `threadTs` makes it a thread's, which takes no slash commands. */
export function composer(channel, title, threadTs = null) {
  const prefix = threadTs ? "thread-" : "";
  const place = `${channel.id}/${threadTs ?? ""}`;
  const field = el("textarea", {
    id: `${prefix}composer`,
    rows: "1",
    maxlength: "12000",
    placeholder: threadTs ? "Reply…" : `Message ${title}, or /binder and a repository`,
    "aria-label": threadTs ? "Reply to this thread" : `Message ${title}`,
    "aria-describedby": `${prefix}composer-hint`,
    spellcheck: "false",
    autocomplete: "off",
    data: { testid: `${prefix}composer` },
  });
  const hint = el("p", { class: "composer-hint", id: `${prefix}composer-hint`, "aria-live": "polite", data: { testid: `${prefix}composer-hint` } });
  const send = el("button", { type: "submit", class: "send", "aria-label": "Send", data: { testid: `${prefix}send` } }, icon("send"));
  field.value = drafts.get(place) ?? "";
  const update = () => {
    drafts.set(place, field.value);
    grow(field);
    send.disabled = !field.value.trim();
    fill(hint, hintFor(field.value, threadTs));
  };
  const form = el("form", { class: "composer", onsubmit: (event) => void submitted(event, { field, send, hint, threadTs, update }) }, field, send);
  field.addEventListener("input", update);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  queueMicrotask(update);
  return el("div", { class: "composer-frame" }, form, hint);
}

function grow(field) {
  field.style.height = "auto";
  if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, 200)}px`; // 0 while it is not on the screen
}

function hintFor(text, threadTs) {
  if (!text.startsWith("/")) return null;
  if (threadTs) return "Slash commands do not work in threads. Type this in the channel's field.";
  return [el("code", {}, "/binder"), " repository [ref] [path] flavor=… hours=… · alone it opens a form · ", el("code", {}, "/binder help"), " says the rest"];
}

async function submitted(event, { field, send, hint, threadTs, update }) {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || send.getAttribute("aria-busy") === "true") return;
  if (text.startsWith("/") && threadTs) {
    // Slack's own words; payloads of slash commands have no thread.
    fill(hint, el("strong", {}, `${text.split(/\s/)[0]} is not supported in threads. Sorry!`), " Type it in the channel's field.");
    return;
  }
  field.value = "";
  update();
  send.setAttribute("aria-busy", "true");
  if (text.startsWith("/")) fill(hint, `Sent to ${appName()}…`);
  try {
    const isTaken = await (text.startsWith("/") ? runCommand(text) : say(text, threadTs));
    if (!isTaken && !field.value) field.value = text; // to correct it and send it again
  } finally {
    send.removeAttribute("aria-busy");
    update();
  }
}
