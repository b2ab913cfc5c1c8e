// The phone: who writes, what is sent, what comes in.
import { element } from "./bubbles.js";
import { Conversation } from "./conversation.js";
import * as server from "./server.js";
import * as wire from "./wire.js";
import { contacts, word } from "./words.js";

const TYPING_MS = 25_000;
const find = (id) => document.getElementById(id);
const [text, about, trouble, who, attach, clip, dialog] = ["text", "about", "trouble", "who", "attach", "clip", "options"].map(find);
const people = [...document.querySelectorAll(".person")];
const counted = new Set();
const unread = new Map();
let contact = contacts.includes(location.hash.slice(1)) ? location.hash.slice(1) : contacts[0];
let typingEnds = 0;

const conversation = new Conversation({
  choose: (sid, chosen) => deliver(server.send({ contact, kind: "option", sid, chosen })),
  open: openOptions,
});

function complain(key) {
  trouble.textContent = key ? word(key) : "";
  trouble.hidden = !key;
}

async function deliver(sending) {
  try {
    const { message } = await sending;
    complain(null);
    conversation.show(message);
    return true;
  } catch (error) {
    complain(`error.${error instanceof server.Refused ? error.message : "refused"}`);
    return false;
  }
}

async function load() {
  const wanted = contact;
  try {
    const { messages, steps } = await server.history(wanted);
    if (wanted === contact) {
      conversation.fill(messages);
      wire.fill(steps);
      messages.forEach((message) => counted.add(message.sid));
    }
  } catch (error) {
    complain(`error.${error instanceof server.Refused ? error.message : "refused"}`);
  }
}

function choose(id) {
  contact = id;
  unread.delete(id);
  history.replaceState(null, "", `#${id}`);
  who.value = id;
  for (const person of people) {
    person.toggleAttribute("data-chosen", person.dataset.contact === id);
    person.setAttribute("aria-pressed", String(person.dataset.contact === id));
  }
  for (const link of document.querySelectorAll("a.language")) {
    link.hash = id;
  }
  showUnread();
  showTyping(false);
  conversation.clear();
  return load();
}

function showUnread() {
  for (const person of people) {
    const count = unread.get(person.dataset.contact) ?? 0;
    const badge = person.querySelector(".unread");
    badge.hidden = count === 0;
    badge.textContent = count ? `${count} ${word("new")}` : "";
  }
}

function showTyping(on) {
  clearTimeout(typingEnds);
  about.textContent = on ? word("typing") : about.dataset.about;
  about.classList.toggle("typing", on);
  typingEnds = on ? setTimeout(() => showTyping(false), TYPING_MS) : 0;
}

function takeMessage(news) {
  const { message } = news;
  const fresh = !counted.has(message.sid);
  counted.add(message.sid);
  if (news.contact === contact) {
    conversation.show(message);
    if (fresh && !message.mine) {
      showTyping(false);
    }
  } else if (fresh && !message.mine) {
    unread.set(news.contact, (unread.get(news.contact) ?? 0) + 1);
    showUnread();
  }
}

function take(news) {
  if (news.what === "message") {
    takeMessage(news);
  } else if (news.what === "reset") {
    choose(contact);
  } else if (news.contact === contact) {
    if (news.what === "typing") {
      showTyping(true);
    } else {
      wire.note(news.step);
    }
  }
}

function openOptions(message) {
  dialog.querySelector("h2").textContent = message.card.label;
  const rows = message.card.rows.map((row) => {
    const title = element("span", { textContent: row.title, dir: "auto" });
    const more = row.description ? element("small", { textContent: row.description, dir: "auto" }) : null;
    const button = element("button", { type: "button" }, title, more);
    button.addEventListener("click", () => {
      dialog.close();
      deliver(server.send({ contact, kind: "option", sid: message.sid, chosen: row.id }));
    });
    return element("li", {}, button);
  });
  dialog.querySelector("ul").replaceChildren(...rows);
  dialog.showModal();
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 132)}px`;
}

function showAttach(on) {
  attach.hidden = !on;
  clip.setAttribute("aria-expanded", String(on));
}

async function submit() {
  const written = text.value;
  if (!written.trim()) {
    return;
  }
  text.value = "";
  fit();
  if (!(await deliver(server.send({ contact, kind: "text", text: written })))) {
    text.value ||= written;
    fit();
  }
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
text.addEventListener("input", fit);
clip.addEventListener("click", () => {
  showAttach(attach.hidden);
  attach.querySelector("button")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !attach.hidden) {
    showAttach(false);
    clip.focus();
  }
});
for (const button of document.querySelectorAll("[data-place]")) {
  button.addEventListener("click", () => {
    showAttach(false);
    deliver(server.send({ contact, kind: "place", chosen: button.dataset.place }));
    text.focus();
  });
}
find("sample").addEventListener("click", () => {
  showAttach(false);
  deliver(server.send({ contact, kind: "sample" }));
  text.focus();
});
find("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  showAttach(false);
  if (file) {
    deliver(server.sendFile(contact, file, text.value));
    text.value = "";
    fit();
  }
  event.target.value = "";
});
for (const way of document.querySelectorAll("button.way")) {
  way.addEventListener("click", () => {
    for (const other of document.querySelectorAll("button.way")) {
      other.setAttribute("aria-pressed", String(other === way));
    }
    for (const chips of document.querySelectorAll("ul.chips")) {
      chips.hidden = chips.dataset.way !== way.dataset.way;
    }
  });
}
for (const chip of document.querySelectorAll(".chip")) {
  chip.addEventListener("click", () => {
    deliver(server.send({ contact, kind: "text", text: chip.textContent }));
    text.focus();
  });
}
for (const person of people) {
  person.addEventListener("click", () => choose(person.dataset.contact));
}
who.addEventListener("change", () => choose(who.value));
find("options-close").addEventListener("click", () => dialog.close());

choose(contact);
server.listen(
  take,
  () => {
    complain(null);
    document.body.dataset.live = "yes";
    load();
  },
  () => {
    delete document.body.dataset.live;
    complain("offline");
  },
);
