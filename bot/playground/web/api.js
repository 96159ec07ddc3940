// The playground's person API: what a person can see and do, as JSON, and the stream that says what changed.

/** What the server refused, in its word. */
export class Refused extends Error {
  constructor(code, reply = {}) {
    super(code);
    this.code = code;
    this.reply = reply;
  }
}

/** A GET. Raises `Refused`, or what `fetch` raises when the server is gone. */
export async function get(path) {
  return read(await fetch(`/person/${path}`, { cache: "no-store" }));
}

/** A POST. Raises as `get`. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return read(await fetch(`/person/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function read(response) {
  const reply = await response.json().catch(() => ({}));
  if (!response.ok || reply.ok === false) throw new Refused(reply.error ?? `http_${response.status}`, reply);
  return reply;
}

/** The text of an uploaded file. */
export async function fileText(id) {
  const response = await fetch(`/person/file/${encodeURIComponent(id)}`, { cache: "no-store" });
  if (!response.ok) throw new Refused(`http_${response.status}`);
  return response.text();
}

const PAUSE_MS = 2000;

/**
 * Calls `apply` with each change after number `after()` `{n, what, channel?, user?}`, and `look` after each (re)connection, when anything may have
 * been missed; `online` says whether the server is there. Server-sent events; a long poll where those do not come through.
 */
export function follow({ apply, look, online, after }) {
  let hasOpened = false;
  const source = new EventSource(`/person/stream?after=${after()}`);
  source.onopen = () => {
    hasOpened = true;
    online(true);
    look();
  };
  source.onmessage = (event) => apply(JSON.parse(event.data));
  source.onerror = () => {
    online(false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser connects again by itself
    setTimeout(() => (hasOpened ? follow({ apply, look, online, after }) : void poll({ apply, look, online })), PAUSE_MS);
  };
}

async function poll({ apply, look, online }) {
  for (let after = null; ; ) {
    try {
      const reply = await get(after === null ? "events" : `events?after=${after}`);
      online(true);
      if (after === null) look();
      for (const change of reply.changes ?? []) apply(change);
      after = reply.last;
    } catch {
      online(false);
      after = null;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
