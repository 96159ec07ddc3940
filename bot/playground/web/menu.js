// The menu of an `overflow` element. It hangs on the page, not on its message, so that a live update does not close it.

import { el } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** The option that was chosen, or null. Arrow keys move, Escape and a click elsewhere close. */
export function openMenu(opener, options) {
  return new Promise((resolve) => {
    const items = options.map((option) =>
      el("button", { class: "menu-item", type: "button", role: "menuitem", tabindex: "-1", onclick: () => close(option) }, textObject(option.text)),
    );
    const menu = el("div", { class: "menu", role: "menu", onkeydown: (event) => move(event, items, close) }, items);
    const outside = (event) => menu.contains(event.target) || close(null);
    function close(option) {
      document.removeEventListener("pointerdown", outside, true);
      menu.remove();
      if (opener.isConnected) {
        opener.setAttribute("aria-expanded", "false");
        opener.focus();
      }
      resolve(option);
    }
    place(menu, opener);
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    items[0].focus();
  });
}

function place(menu, opener) {
  (opener.closest("dialog") ?? document.body).append(menu);
  const at = opener.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  menu.style.top = `${at.bottom + box.height + 8 > innerHeight ? at.top - box.height - 4 : at.bottom + 4}px`;
}

function move(event, items, close) {
  const now = items.indexOf(document.activeElement);
  const to = { ArrowDown: now + 1, ArrowUp: now - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close(null);
  } else if (to !== undefined) {
    event.preventDefault();
    items[to % items.length].focus();
  }
}
