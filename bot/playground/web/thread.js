// The thread pane: a root message, its replies, a field of its own.

import { composer } from "./composer.js";
import { openThread } from "./deeds.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { showMessages, stickToEnd } from "./messages.js";
import { channelNow, titleOf } from "./state.js";

let shown = {}; // {key, root, list, count, scroller, news, since}

/** Shows the open thread, or nothing. */
export function showThread(state) {
  const pane = document.getElementById("thread");
  const channel = channelNow();
  const root = channel && state.messages.find((it) => it.ts === state.thread);
  document.getElementById("workspace").classList.toggle("with-thread", Boolean(root));
  pane.hidden = !root;
  if (!root) {
    fill(pane);
    shown = {};
    return;
  }
  const key = `${channel.id}/${root.ts}/${state.me}`;
  const isNew = shown.key !== key;
  if (isNew) build(pane, channel, root, key);
  const isHere = (it) => it.thread_ts === root.ts && it.ts !== root.ts && !state.dismissed.has(it.ts);
  const replies = state.messages.filter(isHere);
  const whispers = state.ephemerals.filter((it) => it.channel === channel.id && isHere(it));
  stickToEnd(shown.scroller, isNew, () => {
    showMessages(shown.root, [root], { inThread: true });
    showMessages(shown.list, [...replies, ...whispers], { inThread: true });
    showNews(state, channel);
    fill(shown.count, replies.length === 0 ? "No replies yet" : `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`);
  });
}

/** Where the pane covers the channel, what came there meanwhile would not be seen: an answer to a press in the thread. */
function showNews(state, channel) {
  const others = [...state.messages, ...state.ephemerals.filter((it) => it.channel === channel.id)].filter((it) => !it.thread_ts || it.thread_ts === it.ts);
  const last = others.reduce((latest, it) => (it.ts > latest ? it.ts : latest), "");
  shown.since ??= last;
  fill(shown.news, last > shown.since && el("span", { class: "new" }, "new"));
}

function build(pane, channel, root, key) {
  const title = titleOf(channel);
  const rootList = el("div", { class: "messages thread-root" });
  const list = el("div", { class: "messages", role: "log", "aria-label": "Replies", tabindex: "0" });
  const count = el("p", { class: "reply-count" });
  const news = el("span", { role: "status" });
  const close = () => closeThread(root.ts);
  const scroller = el("div", { class: "scroller" }, rootList, count, list);
  fill(
    pane,
    el(
      "header",
      { class: "place-head" },
      el("button", { type: "button", class: "thread-back", onclick: close, data: { testid: "thread-back" } }, icon("back"), "Back", news),
      el("h2", {}, "Thread", el("span", { class: "thread-channel" }, channel.kind === "direct" ? title : `#${title}`)),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: close, data: { testid: "thread-close" } }, icon("close")),
    ),
    scroller,
    composer(channel, `#${title}`, root.ts),
  );
  pane.onkeydown = (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  };
  shown = { key, root: rootList, list, count, scroller, news };
}

function closeThread(ts) {
  openThread(null);
  const bar = document.querySelector(`#place [data-ts="${CSS.escape(ts)}"] .thread-bar`);
  (bar ?? document.getElementById("composer"))?.focus();
}
