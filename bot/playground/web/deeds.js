// What a person does: go somewhere, say something, run a command, press, submit. Each asks the server, then looks again.

import { post, Refused } from "./api.js";
import { loadChannel, loadInbox, remember } from "./loading.js";
import { changed, channelNow, myChannels, myDirect, state } from "./state.js";
import { toast } from "./toast.js";

const AWAITED_MS = 90_000;
let awaited = null; // {user, channel, after, until}: a launch of this person whose thread opens by itself

/** Act as somebody else. */
export async function become(user) {
  state.me = user;
  Object.assign(state, { ephemerals: [], views: [], home: null, thread: null, unread: new Set() });
  const reachable = [...myChannels(), myDirect()].filter(Boolean);
  if (channelNow() && !reachable.includes(channelNow())) {
    const isDirect = channelNow().kind === "direct";
    await go({ kind: "channel", id: isDirect ? myDirect().id : reachable[0].id });
  }
  remember();
  changed();
  await loadInbox();
  if (state.place.kind === "home") await openHome();
}

/** Show a channel, a direct message or the Home tab. */
export async function go(place) {
  Object.assign(state, { place, thread: null, messages: place.id === state.place.id ? state.messages : [] });
  remember();
  changed();
  await (place.kind === "home" ? openHome() : loadChannel());
}

async function openHome() {
  await tried(() => post("home", { user: state.me }));
  await loadInbox();
}

/** Show a thread, or none. */
export function openThread(ts) {
  state.thread = ts;
  remember();
  changed();
}

/** A slash command in the channel that is shown; what the ack says comes by the inbox. False where it was refused. */
export async function runCommand(text) {
  const channel = channelNow().id;
  expectLaunch(channel);
  const reply = await tried(() => post("command", { user: state.me, channel, text }), { isToldElsewhere: ["dispatch_failed", "operation_timeout"] });
  await look();
  return reply !== null;
}

/** A plain message, in the channel or in a thread. False where it was refused. */
export async function say(text, threadTs = null) {
  const body = { user: state.me, channel: channelNow().id, text };
  const reply = await tried(() => post("message", threadTs ? { ...body, thread_ts: threadTs } : body));
  await look();
  return reply !== null;
}

/** What the deed changed; the stream says it too, perhaps later. */
async function look() {
  await tried(() => Promise.all([loadInbox(), loadChannel()]));
}

/** A press on a message of the channel that is shown. */
export async function pressMessage(message, block, element, value) {
  const channel = message.channel ?? channelNow().id;
  expectLaunch(channel);
  await press({ channel, ts: message.ts }, block, element, value);
}

/** A shortcut of the app, chosen in the menu of a message of the channel that is shown. */
export async function useShortcut(message, shortcut) {
  const channel = message.channel ?? channelNow().id;
  await tried(() => post("shortcut", { user: state.me, channel, ts: message.ts, callback_id: shortcut.callback_id }));
  await look();
}

/** A press within a modal or on the Home tab. */
export async function pressView(view, block, element, value, values = {}) {
  await press({ view_id: view.id, values }, block, element, value);
}

async function press(where, block, element, value) {
  const body = { user: state.me, ...where, action_id: element.action_id, block_id: block.block_id };
  await tried(() => post("press", value === undefined ? body : { ...body, value }));
  await look();
}

/** A submission; returns the errors by block_id, empty where the app took it. */
export async function submit(view, values) {
  if (channelNow()) expectLaunch(channelNow().id);
  const reply = await post("submit", { user: state.me, view_id: view.id, values });
  await look();
  return reply.errors ?? {};
}

/** Close the top modal, or all of them. */
export async function closeView(view, { all = false } = {}) {
  state.views = all ? [] : state.views.slice(0, -1);
  changed();
  await tried(() => post("close", { user: state.me, view_id: view.id, clear: all }));
  await loadInbox();
}

/** Send an ephemeral away, as Slack's "Dismiss message" does. */
export function dismiss(message) {
  state.dismissed.add(message.ts);
  changed();
}

/** Does it; a refusal is told, unless a message tells it. Returns the reply or null. */
export async function tried(deed, { isToldElsewhere = [] } = {}) {
  try {
    return await deed();
  } catch (error) {
    if (!isToldElsewhere.includes(error.code)) toast(told(error));
    return null;
  }
}

/** A refusal for people. */
export function told(error) {
  if (!(error instanceof Refused)) return "The playground's server does not answer. Is it still running?";
  return error.reply.message || `The playground refused that: ${error.code}.`;
}

function expectLaunch(channel) {
  awaited = { user: state.me, channel, after: String(Date.now() / 1000), until: Date.now() + AWAITED_MS };
}

/** Opens the thread of the launch that was just asked for, once its first message is there. */
export function openAwaitedThread() {
  if (!awaited || Date.now() > awaited.until || channelNow()?.id !== awaited.channel || state.me !== awaited.user) return;
  const root = state.messages.find(
    (it) => (!it.thread_ts || it.thread_ts === it.ts) && it.ts > awaited.after && isBot(it.user) && JSON.stringify(it).includes(`<@${state.me}>`),
  );
  if (!root) return;
  awaited = null;
  openThread(root.ts);
}

function isBot(user) {
  return state.users.some((it) => it.id === user && it.is_bot);
}
