// The bubbles of the conversation on show, in the order in which the provider took them.
import { bubble, element, tick } from "./bubbles.js";
import { dayOf } from "./words.js";

const log = document.getElementById("log");
const empty = document.getElementById("empty");
const NEAR = 120;

export class Conversation {
  #shown = new Map();
  #act;

  constructor(act) {
    this.#act = act;
  }

  clear() {
    this.#shown.clear();
    log.replaceChildren(empty);
    empty.hidden = false;
  }

  fill(messages) {
    log.setAttribute("aria-live", "off");
    this.clear();
    for (const message of messages) {
      this.#place(message);
    }
    log.scrollTop = log.scrollHeight;
    requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
  }

  show(message) {
    const known = this.#shown.get(message.sid);
    if (known) {
      if (message.tick) {
        known.node.querySelector(".tick")?.replaceWith(tick(message.tick));
      }
      return;
    }
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    const node = this.#place(message);
    if (near || message.mine) {
      log.scrollTop = log.scrollHeight;
      for (const picture of node.querySelectorAll("img")) {
        picture.addEventListener("load", () => (log.scrollTop = log.scrollHeight), { once: true });
      }
    }
  }

  #place(message) {
    const node = bubble(message, this.#act);
    const all = [...this.#shown.values()];
    const later = all.find((other) => other.sequence > message.sequence);
    const earlier = all.filter((other) => other.sequence < message.sequence).at(-1);
    empty.hidden = true;
    log.insertBefore(node, later?.node ?? null);
    if (!earlier || dayOf(earlier.at) !== dayOf(message.at)) {
      log.insertBefore(element("p", { className: "day", textContent: dayOf(message.at) }), node);
    }
    node.classList.toggle("follows", earlier?.mine === message.mine);
    this.#shown.set(message.sid, { node, sequence: message.sequence, at: message.at, mine: message.mine });
    this.#shown = new Map([...this.#shown].sort(([, one], [, other]) => one.sequence - other.sequence));
    return node;
  }
}
