// The question that an element asks before it acts (`confirm` objects).

import { el } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Whether the person said yes. Closing the dialog says no. */
export function confirmed(question) {
  const deny = el("button", { class: "button", type: "button", data: { testid: "confirm-deny" } }, textObject(question.deny));
  const accept = el(
    "button",
    { class: `button button-${question.style ?? "primary"}`, type: "button", data: { testid: "confirm-accept" } },
    textObject(question.confirm),
  );
  const dialog = el(
    "dialog",
    { class: "dialog dialog-small", role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text", data: { testid: "confirm" } },
    el("h2", { id: "confirm-title" }, textObject(question.title)),
    el("div", { class: "dialog-body", id: "confirm-text" }, textObject(question.text)),
    el("footer", { class: "dialog-foot" }, deny, accept),
  );
  return new Promise((resolve) => {
    let answer = false;
    accept.addEventListener("click", () => {
      answer = true;
      dialog.close();
    });
    deny.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (question.style === "danger" ? deny : accept).focus();
  });
}
