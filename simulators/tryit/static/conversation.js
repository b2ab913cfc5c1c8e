// The bubbles of the conversation on show, in the order in which the provider took them.
import { bubble, element, tick } from "./bubbles.js";
import { dayOf } from "./words.js";

const log = document.getElementById("log");
const empty = document.getElementById("empty");
const NEAR = 120;
const ORDER = [null, "sent", "delivered", "read"];

export class Conversation {
  #shown = new Map();
  #ticks = new Map();
  #act;

  constructor(act) {
    this.#act = act;
  }

  clear() {
    this.#shown.clear();
    this.#ticks.clear();
    log.replaceChildren(empty);
    empty.hidden = false;
  }

  // A list may have been on its way while news came in: what is newer than its last message stays.
  fill(messages) {
    const last = messages.at(-1)?.sequence ?? 0;
    const newer = [...this.#shown.values()].map(({ message }) => message).filter((message) => message.sequence > last);
    const ticks = this.#ticks;
    log.setAttribute("aria-live", "off");
    this.clear();
    this.#ticks = ticks;
    for (const message of [...messages, ...newer]) {
      this.#place(message);
    }
    log.scrollTop = log.scrollHeight;
    requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
  }

  show(message) {
    const known = this.#shown.get(message.sid);
    if (known) {
      const state = this.#tickOf(message);
      if (state) {
        known.node.querySelector(".tick")?.replaceWith(tick(state));
      }
      return;
    }
    const near = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    const node = this.#place(message);
    node.classList.add("fresh");
    if (near || message.mine) {
      log.scrollTop = log.scrollHeight;
      for (const picture of node.querySelectorAll("img")) {
        picture.addEventListener("load", () => (log.scrollTop = log.scrollHeight), { once: true });
      }
    }
  }

  // Ticks only ever move forward, whatever the order of the news.
  #tickOf(message) {
    const known = this.#ticks.get(message.sid) ?? null;
    const state = ORDER.indexOf(message.tick) > ORDER.indexOf(known) ? message.tick : known;
    this.#ticks.set(message.sid, state);
    return state;
  }

  #place(message) {
    const node = bubble({ ...message, tick: this.#tickOf(message) }, this.#act);
    const all = [...this.#shown.values()];
    const later = all.find((other) => other.sequence > message.sequence);
    const earlier = all.filter((other) => other.sequence < message.sequence).at(-1);
    empty.hidden = true;
    log.insertBefore(node, later?.node ?? null);
    if (!earlier || dayOf(earlier.at) !== dayOf(message.at)) {
      log.insertBefore(element("p", { className: "day", textContent: dayOf(message.at) }), node);
    }
    node.classList.toggle("follows", earlier?.mine === message.mine);
    this.#shown.set(message.sid, { node, message, sequence: message.sequence, at: message.at, mine: message.mine });
    this.#shown = new Map([...this.#shown].sort(([, one], [, other]) => one.sequence - other.sequence));
    return node;
  }
}
