// Brings the server's truth into `state`: on start, on each change the stream names, after each deed.

import { follow, get } from "./api.js";
import { names } from "./mrkdwn.js";
import { changed, channelNow, me, myChannels, state } from "./state.js";

const seen = new Map(); // channel id -> ts of the last root message that was on the screen
const KEY = "playground";

/** One run at a time; a call during a run means one more run after it, which the caller waits for. */
function latest(work) {
  let running = null;
  let next = null;
  return function run() {
    if (!running) return (running = work().finally(() => (running = null)));
    return (next ??= running.catch(() => {}).then(() => {
      next = null;
      return run();
    }));
  };
}

/** People, channels, samples, whether the app is there. */
export const loadWorkspace = latest(async () => {
  const reply = await get("state");
  state.users = reply.users;
  state.channels = reply.channels.map(channelFrom);
  state.isBotConnected = reply.bot_connected;
  state.last = reply.last; // the stream goes on from here
  state.samples = samplesFrom(reply);
  state.shortcuts = reply.shortcuts;
  for (const user of state.users) names.users.set(user.id, user.real_name || user.name);
  for (const channel of state.channels) if (channel.kind !== "direct") names.channels.set(channel.id, channel.name);
  if (!state.isReady) recall();
  state.isReady = true;
  changed();
});

function channelFrom(it) {
  return { id: it.id, name: it.name, kind: it.kind, members: it.members, hasBot: it.has_bot };
}

function samplesFrom(reply) {
  const about = { sample: "a notebook, a requirements file and a small app", broken: "its build fails, on purpose" };
  return [
    { name: "sample", title: "Run the sample", about: about.sample, url: reply.sample_url },
    { name: "broken", title: "Run the broken one", about: about.broken, url: reply.broken_url },
  ].filter((sample) => sample.url);
}

/** The messages of the channel that is shown. */
export const loadChannel = latest(async () => {
  const channel = channelNow();
  if (!channel) return;
  const { messages, channel: now } = await get(`channel/${encodeURIComponent(channel.id)}`);
  if (channelNow()?.id !== channel.id) return;
  state.channels = state.channels.map((it) => (it.id === now.id ? channelFrom(now) : it)); // its members may be others now
  state.messages = messages;
  seen.set(channel.id, lastRoot(messages));
  state.unread.delete(channel.id);
  changed();
});

/** What only the acting person sees: ephemerals, modals, Home. */
export const loadInbox = latest(async () => {
  const user = state.me;
  if (!user) return;
  const reply = await get(`inbox/${encodeURIComponent(user)}`);
  if (state.me !== user) return;
  state.ephemerals = reply.ephemerals;
  state.views = reply.views;
  state.home = reply.home;
  changed();
});

/** The switches that break Slack. */
export const loadFaults = latest(async () => {
  state.faults = (await get("faults")).faults;
  changed();
});

/** All of it. A server that is gone is not an error here: the stream says so and comes back. */
export async function loadAll() {
  await loadWorkspace();
  await Promise.all([loadChannel(), loadInbox(), loadFaults()]);
}

function lastRoot(messages) {
  return messages.filter((it) => !it.thread_ts || it.thread_ts === it.ts).at(-1)?.ts ?? "0";
}

async function lookForNews(channel) {
  const { messages } = await get(`channel/${encodeURIComponent(channel)}`);
  const last = lastRoot(messages);
  if (!seen.has(channel)) seen.set(channel, "0");
  if (last > seen.get(channel) && state.place.id !== channel) state.unread.add(channel);
  changed();
}

const LOADERS = {
  channel(change) {
    if (change.channel === channelNow()?.id) return loadChannel();
    const isMine = state.channels.find((it) => it.id === change.channel)?.members.includes(state.me);
    return isMine ? lookForNews(change.channel) : null;
  },
  inbox: (change) => (change.user === state.me ? loadInbox() : null),
  home: (change) => (change.user === state.me ? loadInbox() : null),
  bot: loadWorkspace,
  faults: loadFaults,
};

/** Keeps the page as the workspace is, from now on. */
export function keepUpToDate() {
  follow({
    apply: (change) => void Promise.resolve(LOADERS[change.what]?.(change)).catch(() => {}),
    look: () => void loadAll().catch(() => {}),
    after: () => state.last,
    online(isOnline) {
      state.isOnline = isOnline;
      changed();
    },
  });
}

/** Remembers for this tab who acts and where, so that a reload stays there. */
export function remember() {
  names.me = state.me;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ me: state.me, place: state.place, thread: state.thread }));
  } catch {
    // A browser without storage starts in #general.
  }
}

function recall() {
  const people = state.users.filter((user) => !user.is_bot);
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    // As above.
  }
  state.me = (people.find((user) => user.id === kept.me) ?? people[0])?.id ?? "";
  state.place = { kind: "channel", id: myChannels()[0]?.id ?? "" };
  if (me() && (kept.place?.kind === "home" || state.channels.some((it) => it.id === kept.place?.id && it.members.includes(state.me)))) {
    state.place = kept.place;
    state.thread = kept.thread ?? null;
  }
  names.me = state.me;
}
