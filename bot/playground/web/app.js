// Puts the page together: what is known goes to the parts that show it, and F6 goes round the parts.

import { openAwaitedThread, tried } from "./deeds.js";
import { loadAll, keepUpToDate } from "./loading.js";
import { showModal } from "./modal.js";
import { showPlace } from "./place.js";
import { showSidebar } from "./sidebar.js";
import { watch } from "./state.js";
import { showThread } from "./thread.js";
import { showTopbar } from "./topbar.js";

const REGIONS = ["sidebar", "place", "composer", "thread"];

function show(state) {
  showTopbar(state);
  if (!state.isReady) return;
  openAwaitedThread();
  showSidebar(state);
  showPlace(state);
  showThread(state);
  showModal(state);
}

/** The next part of the page, as in Slack. */
function goRound(event) {
  if (event.key !== "F6") return;
  event.preventDefault();
  const parts = REGIONS.map((id) => document.getElementById(id)).filter((part) => part && !part.hidden);
  const now = parts.findLastIndex((part) => part === document.activeElement || part.contains(document.activeElement));
  const step = event.shiftKey ? parts.length - 1 : 1;
  parts[(Math.max(now, 0) + step) % parts.length].focus();
}

watch(show);
document.addEventListener("keydown", goRound);
await tried(loadAll);
keepUpToDate();
