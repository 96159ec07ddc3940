// Uploaded files of a message, as snippets that open in place.

import { fileText } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

const open = new Set(); // ids of snippets that stay open when their message is drawn again
const MOST_CHARACTERS = 200_000;

/** One file. */
export function fileBox(file) {
  const body = el("div", { class: "file-body" });
  const name = file.title || file.name;
  const summary = el("summary", {}, icon("file"), el("span", { class: "file-name" }, name), el("span", { class: "file-size" }, size(file.size ?? 0)));
  const node = el("details", { class: "file", open: open.has(file.id), data: { testid: "file", "file-id": file.id } }, summary, body);
  node.addEventListener("toggle", () => {
    if (!node.open) return open.delete(file.id);
    open.add(file.id);
    return body.hasChildNodes() || load(file, body, name);
  });
  return node;
}

async function load(file, body, name) {
  fill(body, el("p", { class: "hint" }, "Loading…"));
  try {
    const text = await fileText(file.id);
    const shown = text.slice(-MOST_CHARACTERS);
    const cut = shown.length < text.length && el("p", { class: "hint" }, "Only the end is shown.");
    fill(body, cut, el("pre", { class: "code snippet", tabindex: "0", "aria-label": name }, shown));
  } catch {
    fill(body, el("p", { class: "hint" }, "The file cannot be read."));
  }
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
