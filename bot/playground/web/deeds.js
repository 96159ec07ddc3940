// What a person does: go somewhere, say something, run a command, press, submit. Each asks the server, then looks again.

import { post } from "./api.js";
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

/** A slash command in the channel that is shown. */
export async function runCommand(text) {
  const channel = channelNow().id;
  expectLaunch(channel);
  const reply = await tried(() => post("command", { user: state.me, channel, text }));
  await Promise.all([loadInbox(), loadChannel()]);
  if (reply?.ack?.text || reply?.ack?.blocks) showAnswer(reply.ack, channel);
}

/** The ack's own answer, where the inbox does not carry it. */
function showAnswer(ack, channel) {
  const isCarried = [...state.ephemerals, ...state.messages].some((it) => it.text === ack.text && Number(it.ts) > awaitedSince());
  if (isCarried) return;
  const bot = state.users.find((user) => user.is_bot);
  state.notices.push({ ...ack, ts: nowTs(), channel, user: bot?.id, is_ephemeral: true });
  changed();
}

const nowTs = () => `${Math.floor(Date.now() / 1000)}.${String(Date.now() % 1000).padStart(3, "0")}999`;
const awaitedSince = () => Number(awaited?.after ?? 0);

/** A plain message, in the channel or in a thread. */
export async function say(text, threadTs = null) {
  const body = { user: state.me, channel: channelNow().id, text };
  await tried(() => post("message", threadTs ? { ...body, thread_ts: threadTs } : body));
  await loadChannel();
}

/** A press on a message of the channel that is shown. */
export async function pressMessage(message, block, element, value) {
  const channel = message.channel ?? channelNow().id;
  expectLaunch(channel);
  await press({ channel, ts: message.ts }, block, element, value);
}

/** A press within a modal or on the Home tab. */
export async function pressView(view, block, element, value) {
  await press({ view_id: view.id }, block, element, value);
}

async function press(where, block, element, value) {
  const body = { user: state.me, ...where, action_id: element.action_id, block_id: block.block_id };
  await tried(() => post("press", value === undefined ? body : { ...body, value }));
  await Promise.all([loadInbox(), loadChannel()]);
}

/** A submission; returns the errors by block_id, empty where the app took it. */
export async function submit(view, values) {
  if (channelNow()) expectLaunch(channelNow().id);
  const reply = await post("submit", { user: state.me, view_id: view.id, values });
  const errors = reply.errors ?? reply.ack?.errors ?? {};
  await Promise.all([loadInbox(), loadChannel()]);
  return errors;
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
  state.notices = state.notices.filter((it) => it !== message);
  changed();
}

/** Does it; a refusal is told. Returns the reply or null. */
export async function tried(deed) {
  try {
    return await deed();
  } catch (error) {
    toast(told(error));
    return null;
  }
}

const TOLD = {
  dispatch_failed: "The app is not connected, so nothing reached it. Is Binderops running?",
  operation_timeout: "The app did not answer within 3 seconds.",
  not_connected: "The app is not connected, so nothing reached it. Is Binderops running?",
};

/** A refusal for people. */
export function told(error) {
  if (error instanceof TypeError) return "The playground's server does not answer. Is it still running?";
  return TOLD[error.code] ?? `The playground refused that: ${error.code ?? error.message}.`;
}

function expectLaunch(channel) {
  awaited = { user: state.me, channel, after: nowTs(), until: Date.now() + AWAITED_MS };
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
