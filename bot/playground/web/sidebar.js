// The list of places: channels, the conversation with the app, the app's Home.

import { go } from "./deeds.js";
import { el, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { appName, myChannels, myDirect } from "./state.js";

/** Shows the places of the person who acts. */
export function showSidebar(state) {
  const direct = myDirect();
  const sections = [
    { title: "Channels", items: myChannels().map((it) => channelItem(state, it)) },
    { title: "Direct messages", items: direct ? [directItem(state, direct)] : [] },
    { title: "Apps", items: [homeItem(state)] },
  ];
  reconcile(document.getElementById("sidebar"), [{ title: "" }, ...sections], {
    key: (section) => section.title || "name",
    signature: (section) => JSON.stringify(section),
    draw: (section) => (section.title ? group(section) : el("p", { class: "team" }, "Playground", el("span", {}, "stand-in workspace"))),
  });
}

function channelItem(state, channel) {
  const isCurrent = state.place.id === channel.id;
  const note = channel.hasBot ? "" : "no app";
  return { testid: `channel-${channel.name}`, label: channel.name, sign: channel.kind === "private" ? "lock" : "hash", note, isCurrent, isUnread: state.unread.has(channel.id), place: { kind: "channel", id: channel.id } };
}

function directItem(state, channel) {
  return { testid: "channel-binderops", label: appName(), sign: "person", isCurrent: state.place.id === channel.id, isUnread: state.unread.has(channel.id), place: { kind: "channel", id: channel.id } };
}

function homeItem(state) {
  return { testid: "app-home", label: `${appName()} Home`, sign: "app", isCurrent: state.place.kind === "home", isUnread: false, place: { kind: "home" } };
}

function group({ title, items }) {
  return el("section", { class: "places", data: { "focus-group": title } }, el("h2", {}, title), el("ul", {}, items.map((it) => el("li", {}, item(it)))));
}

function item({ testid, label, sign, note, isCurrent, isUnread, place }) {
  return el(
    "button",
    {
      type: "button",
      class: `place-item ${isUnread ? "unread" : ""}`,
      "aria-current": isCurrent ? "page" : null,
      data: { testid, "focus-name": testid },
      onclick: () => void go(place),
    },
    icon(sign),
    el("span", { class: "place-name" }, label),
    isUnread ? el("span", { class: "new" }, "new") : note && el("span", { class: "place-note", title: `${appName()} is not in this channel` }, note),
  );
}
