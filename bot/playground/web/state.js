// What the page knows, in one place. Who changes it calls `changed`; who shows it is told once per turn.

export const state = {
  isReady: false,
  isOnline: true,
  isBotConnected: false,
  users: [], // as `users.info` shows them
  channels: [], // {id, name, kind: public|private|direct, members, hasBot}
  shortcuts: [], // {name, callback_id}: in the menu of a message
  samples: [], // {url, title, about}
  me: "",
  place: { kind: "channel", id: "" }, // or {kind: "home"}
  thread: null, // ts of its root
  messages: [], // of the channel of `place`, replies too
  ephemerals: [],
  dismissed: new Set(), // ts of ephemerals that were sent away
  unread: new Set(), // channel ids
  last: "", // number of the newest change when the workspace was loaded
  views: [], // open modals, the top one last
  home: null,
  faults: [],
};

const watchers = [];
let isDue = false;

/** Calls this after every change. */
export function watch(watcher) {
  watchers.push(watcher);
}

/** Shows the state soon. Several changes of one turn are shown at once. */
export function changed() {
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    for (const watcher of watchers) watcher(state);
  });
}

/** The person who acts. */
export function me() {
  return state.users.find((user) => user.id === state.me);
}

/** The channel that is shown, or null on the Home tab. */
export function channelNow() {
  return state.place.kind === "channel" ? (state.channels.find((it) => it.id === state.place.id) ?? null) : null;
}

/** The channels that the acting person is in, without direct messages. */
export function myChannels() {
  return state.channels.filter((it) => it.kind !== "direct" && it.members.includes(state.me));
}

/** The acting person's conversation with the app. */
export function myDirect() {
  return state.channels.find((it) => it.kind === "direct" && it.members.includes(state.me)) ?? null;
}

/** As a person would name it: `#general`, or the app's name in a direct message. */
export function titleOf(channel) {
  return channel.kind === "direct" ? appName() : channel.name;
}

/** The app's display name. */
export function appName() {
  return state.users.find((user) => user.is_bot && user.name !== "slackbot")?.real_name ?? "Binderops";
}
