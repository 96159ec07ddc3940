// The `table` block: rows of cells, the first row as heading.

import { el } from "./dom.js";
import { richText } from "./richtext.js";

/** A table that scrolls by itself where it is too wide. */
export function table(block) {
  const [head, ...rows] = block.rows ?? [];
  const align = (index) => `align-${block.column_settings?.[index]?.align ?? "left"}`;
  const line = (tag, cells) => el("tr", {}, cells.map((it, index) => el(tag, { class: align(index), scope: tag === "th" ? "col" : null }, cell(it))));
  return el(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": "Table" },
    el("table", {}, head && el("thead", {}, line("th", head)), el("tbody", {}, rows.map((cells) => line("td", cells)))),
  );
}

function cell(it) {
  return it?.type === "rich_text" ? richText(it) : (it?.text ?? "");
}
