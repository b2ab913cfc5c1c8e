// What the pages do beyond htmx: keys, the reply box, scrolling, drafts, and saying that the connection is lost.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const replyBox = () => document.querySelector("[data-reply]");
  const draftOf = (box) => ["draft", byId("desk").dataset.officer, box.id].join(":");
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const outgoing = [];
  let sending = false;
  let wasAtEnd = true;

  // A ULID, as the server makes them: one for each reply, so that sending twice says it once.
  function newKey() {
    let time = Date.now();
    let text = "";
    for (let i = 0; i < 10; i += 1) {
      text = ALPHABET[time % 32] + text;
      time = Math.floor(time / 32);
    }
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += ALPHABET[byte % 32];
    return text;
  }

  function showProblem() {
    const place = byId("notice");
    if (!place) return;
    const line = document.createElement("p");
    line.className = "problem";
    line.setAttribute("role", "alert");
    line.textContent = byId("desk").dataset.failed;
    place.replaceChildren(line);
  }

  function atEnd(lines) {
    return lines.scrollHeight - lines.scrollTop - lines.clientHeight < 80;
  }

  function toEnd() {
    const lines = byId("lines");
    if (lines) lines.scrollTo({ top: lines.scrollHeight, behavior: "instant" });
  }

  // A part of the page that is loaded again comes with an empty reply box.
  function restoreDraft() {
    const box = replyBox();
    if (box && !box.value) box.value = sessionStorage.getItem(draftOf(box)) || "";
  }

  function prepare() {
    document.documentElement.classList.add("scripted");
    toEnd();
    restoreDraft();
    const facts = byId("facts");
    if (facts && matchMedia("(max-width: 1099px)").matches) facts.open = false;
    const shortcuts = byId("shortcuts");
    if (shortcuts) shortcuts.checked = localStorage.getItem("shortcuts") !== "off";
  }

  // --- the reply box ---
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("[data-reply]") && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-reply]")) sessionStorage.setItem(draftOf(event.target), event.target.value);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "reply-form") {
      event.preventDefault();
      const box = replyBox();
      const form = event.target;
      outgoing.push({ text: box.value, key: form.elements.key.value, csrf: form.elements.csrf.value, url: form.action });
      form.elements.key.value = newKey();
      box.value = "";
      sessionStorage.removeItem(draftOf(box));
      sendNext();
    } else if (event.target.id === "sign-out-form") {
      sessionStorage.clear();
    }
  });

  // One after the other, each under its own key, so that Enter pressed quickly neither joins nor turns them round.
  async function sendNext() {
    if (sending || !outgoing.length) return;
    sending = true;
    const { url, ...fields } = outgoing[0];
    let answer = null;
    try {
      answer = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { "HX-Request": "true" } });
    } catch {
      answer = null;
    }
    if (answer && answer.ok) {
      outgoing.shift();
      if (byId("notice")) byId("notice").replaceChildren();
      htmx.trigger(document.body, "lines-changed");
    } else {
      await takeBack(answer);
    }
    sending = false;
    sendNext();
  }

  // What was not sent comes back into the box. When it is not known whether it arrived, the key stays the same: the
  // server then says it once.
  async function takeBack(answer) {
    const [failed, ...later] = outgoing.splice(0);
    const box = document.querySelector(`form[action="${new URL(failed.url).pathname}"] [data-reply]`);
    if (box) {
      box.value = [failed, ...later].map((one) => one.text).concat(box.value || []).join("\n");
      if (!answer || answer.status >= 500) box.form.elements.key.value = failed.key;
      sessionStorage.setItem(draftOf(box), box.value);
    }
    if (answer && answer.status === 401) location.reload();
    else if (answer && answer.status < 500) byId("notice").innerHTML = await answer.text();
    else showProblem();
    htmx.trigger(document.body, "lines-changed");
  }

  // --- what arrives ---
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id !== "lines") return;
    const last = [...document.querySelectorAll("#lines [data-line]")].pop();
    event.detail.parameters["after"] = last ? last.dataset.line : "0";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const lines = byId("lines");
    if (lines) wasAtEnd = atEnd(lines);
    if (event.target.id === "acts") {
      // Nothing changed hands: what is being typed or chosen is left alone.
      const state = document.querySelector(".acts").dataset.state;
      if (event.detail.xhr.responseText.includes(`data-state="${state}"`)) event.detail.shouldSwap = false;
    }
    if (event.target.id === "lines" && event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "lines" && wasAtEnd) toEnd();
    if (event.target.id === "acts") restoreDraft();
    if (event.target.id === "lists") {
      const count = byId("waiting-count");
      const said = byId("said");
      const text = count.dataset.said;
      if (said.textContent !== text) said.textContent = text;
      const plain = document.title.replace(/^\(\d+\) /, "");
      document.title = count.dataset.count === "0" ? plain : "(" + count.dataset.count + ") " + plain;
    }
    if (event.target === document.body) {
      prepare();
      const box = replyBox();
      if (box && matchMedia("(min-width: 700px)").matches) box.focus();
      else if (byId("centre")) byId("centre").focus({ preventScroll: true });
    }
  });
  document.addEventListener("htmx:sseOpen", (event) => {
    byId("offline").hidden = true;
    event.detail.source.addEventListener("signed-out", () => location.reload());
  });
  document.addEventListener("htmx:sseError", () => {
    const offline = byId("offline");
    if (offline) offline.hidden = false;
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "language") event.target.form.requestSubmit();
    if (event.target.id === "shortcuts") localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
  });

  // --- keys ---
  function moveInList(step) {
    const entries = [...document.querySelectorAll("a.entry, a.entry-link")];
    if (!entries.length) return;
    let at = entries.indexOf(document.activeElement);
    if (at < 0) at = entries.findIndex((entry) => entry.classList.contains("current"));
    const next = at < 0 ? (step > 0 ? 0 : entries.length - 1) : Math.min(Math.max(at + step, 0), entries.length - 1);
    entries[next].focus();
  }
  const KEYS = {
    j: () => moveInList(1),
    k: () => moveInList(-1),
    c: () => byId("claim-form") && byId("claim-form").requestSubmit(),
    r: () => replyBox() && replyBox().focus(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && typing) {
      typing.blur();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("a.entry, a.entry-link") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      moveInList(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const shortcuts = byId("shortcuts");
    const act = shortcuts && shortcuts.checked ? KEYS[event.key] : undefined;
    if (act) {
      event.preventDefault();
      act();
    }
  });

  document.addEventListener("DOMContentLoaded", prepare);
})();
