// The middle of the page: a channel with its messages and field, or the app's Home tab.

import { drawBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { pressView } from "./deeds.js";
import { el, fill, focusWithin, restoreFocus } from "./dom.js";
import { icon } from "./icons.js";
import { showMessages, stickToEnd } from "./messages.js";
import { appName, channelNow, titleOf } from "./state.js";
import { tryCard } from "./trycard.js";

let shown = {}; // {key, list, top, home} of the place that is drawn

/** Shows the place. */
export function showPlace(state) {
  const channel = channelNow();
  const key = channel ? `${channel.id}/${state.me}/${channel.members}` : `home/${state.me}`;
  const isNew = shown.key !== key;
  if (channel) {
    if (isNew) buildChannel(key, channel);
    fillChannel(state, channel, isNew);
  } else {
    if (isNew) buildHome(key);
    fillHome(state);
  }
}

function buildChannel(key, channel) {
  const title = titleOf(channel);
  const sign = { public: "hash", private: "lock", direct: "person" }[channel.kind];
  const about = channel.kind === "direct" ? "Only you and the app" : aboutMembers(channel);
  const top = el("div", { class: "top" });
  const list = el("div", { class: "messages", role: "log", "aria-label": `Messages in ${title}`, tabindex: "0", data: { testid: "messages" } });
  const scroller = el("div", { class: "scroller" }, top, list);
  fill(
    document.getElementById("place"),
    el("header", { class: "place-head" }, el("h1", {}, icon(sign), title), el("p", {}, about)),
    scroller,
    composer(channel, channel.kind === "direct" ? title : `#${title}`),
  );
  shown = { key, list, top, scroller };
  document.getElementById("composer").focus();
}

function aboutMembers(channel) {
  const count = `${channel.members.length} members`;
  return channel.hasBot ? count : `${count} · ${appName()} is not in this channel`;
}

function fillChannel(state, channel, isNew) {
  const isHere = (it) => it.channel === channel.id && !it.thread_ts && !state.dismissed.has(it.ts);
  const roots = state.messages.filter((it) => !it.thread_ts || it.thread_ts === it.ts || it.subtype === "thread_broadcast");
  const whispers = state.ephemerals.filter(isHere);
  const wasEmpty = shown.list.childElementCount === 0;
  stickToEnd(shown.scroller, isNew || wasEmpty, () => {
    showMessages(shown.list, [...roots, ...whispers]);
    tryCard(shown.top, state, channel, roots.length + whispers.length === 0);
  });
}

function buildHome(key) {
  const home = el("div", { class: "home", data: { testid: "home" } });
  fill(
    document.getElementById("place"),
    el("header", { class: "place-head" }, el("h1", {}, icon("app"), `${appName()} Home`), el("p", {}, "What the app shows to you alone")),
    el("div", { class: "scroller" }, home),
  );
  shown = { key, home };
}

function fillHome(state) {
  const signature = state.home ? `${state.home.id}/${state.home.hash}` : "";
  if (shown.signature === signature) return;
  shown.signature = signature;
  const focus = focusWithin(shown.home);
  const view = state.home;
  shown.home.dataset.focusGroup = "home";
  shown.home.tabIndex = -1;
  const context = { group: "home", press: (block, element, value) => pressView(view, block, element, value) };
  fill(shown.home, view ? drawBlocks(view.blocks, context) : el("p", { class: "hint" }, `${appName()} has not published its Home tab yet.`));
  if (focus && !focus.node.isConnected) {
    const same = focus.name && shown.home.querySelector(`[data-focus-name="${CSS.escape(focus.name)}"]`);
    (same || shown.home).focus({ preventScroll: true });
  }
  restoreFocus(shown.home, focus);
}
