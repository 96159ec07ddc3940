// Messages as rows: who, when, blocks, files, the way to the thread. Rows are redrawn only when they changed.

import { drawBlocks } from "./blocks.js";
import { dismiss, openThread, pressMessage, useShortcut } from "./deeds.js";
import { el, reconcile } from "./dom.js";
import { fileBox } from "./files.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { mrkdwn } from "./mrkdwn.js";
import { state } from "./state.js";

const TOGETHER_S = 300; // messages of one author within this time share one heading

/** Shows these messages, oldest first. `inThread`: without the way to the thread. */
export function showMessages(list, messages, { inThread = false } = {}) {
  const rows = rowsOf([...messages].sort((a, b) => (a.ts < b.ts ? -1 : 1)));
  reconcile(list, rows, {
    key: (row) => row.key,
    signature: (row) => JSON.stringify([row, inThread, state.thread === row.message?.ts]),
    draw: (row) => (row.day ? dayLine(row.day) : messageRow(row, inThread)),
  });
}

function rowsOf(messages) {
  const rows = [];
  let last = null;
  for (const message of messages) {
    const day = dateOf(message.ts).toDateString();
    if (!last || day !== dateOf(last.ts).toDateString()) {
      rows.push({ key: day, day: dayName(dateOf(message.ts)) });
      last = null;
    }
    const isFollowing =
      last && last.user === message.user && !last.is_ephemeral === !message.is_ephemeral && Number(message.ts) - Number(last.ts) < TOGETHER_S;
    rows.push({ key: `${message.is_ephemeral ? "e" : "m"}${message.ts}`, message, isFollowing, author: authorOf(message) });
    last = message;
  }
  return rows;
}

function authorOf(message) {
  const user = state.users.find((it) => it.id === message.user);
  return { name: user?.real_name || message.username || user?.name || message.user || "Slack", isBot: Boolean(user?.is_bot), id: message.user ?? "" };
}

export function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

function dayName(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? "Today" : date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long" });
}

function dayLine(day) {
  return el("p", { class: "day" }, el("span", {}, day));
}

function messageRow({ message, isFollowing, author }, inThread) {
  const isQuiet = isFollowing && !message.is_ephemeral;
  const kinds = [isQuiet && "message-following", message.is_ephemeral && "message-ephemeral", state.thread === message.ts && !inThread && "message-open"];
  return el(
    "article",
    {
      class: ["message", ...kinds.filter(Boolean)].join(" "),
      data: { testid: "message", ts: message.ts, "thread-ts": message.thread_ts, ephemeral: message.is_ephemeral, "focus-group": message.ts },
      tabindex: "-1",
      "aria-label": `${author.name}, ${timeOf(message.ts)}`,
    },
    message.is_ephemeral && privacy(message),
    isQuiet ? el("span", { class: "gutter-time", "aria-hidden": "true" }, timeOf(message.ts)) : avatar(author),
    el("div", { class: "message-main" }, !isQuiet && heading(message, author), body(message), !inThread && threadBar(message)),
    !message.is_ephemeral && !message.subtype && state.shortcuts.length > 0 && menuButton(message, author),
  );
}

/** The app's shortcuts for this message. */
function menuButton(message, author) {
  const node = el(
    "button",
    {
      class: "button button-icon message-menu",
      type: "button",
      "aria-haspopup": "menu",
      "aria-label": `Actions for the message of ${author.name}, ${timeOf(message.ts)}`,
      data: { testid: "message-menu", "focus-name": "menu" },
    },
    icon("more"),
  );
  node.addEventListener("click", async () => {
    const options = state.shortcuts.map((shortcut) => ({ text: { type: "plain_text", text: shortcut.name }, shortcut }));
    const option = await openMenu(node, options);
    if (option) await useShortcut(message, option.shortcut);
  });
  return node;
}

/** The initial in a square; bots have another shape than people. */
export function avatar(author) {
  return el("span", { class: `avatar ${author.isBot ? "avatar-bot" : ""} tint-${tint(author.id)}`, "aria-hidden": "true" }, author.name.slice(0, 1));
}

function tint(id) {
  return [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 5;
}

function timeOf(ts) {
  return dateOf(ts).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

function heading(message, author) {
  const when = dateOf(message.ts);
  return el(
    "p",
    { class: "message-head" },
    el("span", { class: "author" }, author.name),
    author.isBot && el("span", { class: "badge" }, "App"),
    el("time", { datetime: when.toISOString(), title: when.toLocaleString() }, timeOf(message.ts)),
    message.edited && !message.blocks?.length && el("span", { class: "edited" }, "(edited)"),
  );
}

function privacy(message) {
  return el(
    "p",
    { class: "privacy" },
    icon("eye"),
    el("span", {}, "Only visible to you"),
    el("button", { type: "button", class: "link-button", onclick: () => dismiss(message), data: { "focus-name": "dismiss" } }, "Dismiss"),
  );
}

function body(message) {
  if (message.subtype === "tombstone") return el("p", { class: "message-text deleted" }, message.text);
  const context = { group: message.ts, press: (block, element, value) => pressMessage(message, block, element, value) };
  const content = message.blocks?.length
    ? drawBlocks(message.blocks, context)
    : message.text && el("div", { class: "message-text" }, mrkdwn(message.text));
  return [content, (message.files ?? []).map(fileBox)];
}

function threadBar(message) {
  if (!message.reply_count) return null;
  const words = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return el(
    "button",
    {
      type: "button",
      class: "thread-bar",
      onclick: () => openThread(message.ts),
      data: { testid: "replies", "focus-name": "replies" },
      "aria-label": `${words}, open the thread`,
    },
    el("strong", {}, words),
    message.latest_reply && el("span", {}, `last at ${timeOf(message.latest_reply)}`),
  );
}

/** Keeps a list at its end if it was there, or if the reader just came. */
export function stickToEnd(list, isNew, show) {
  const wasAtEnd = isNew || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  show();
  if (wasAtEnd) list.scrollTop = list.scrollHeight;
}
