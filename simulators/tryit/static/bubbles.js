// Builds what the phone shows of a message. Everything a person wrote goes in as text, never as markup.
import { timeOf, word } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const LINK = /https?:\/\/[^\s<>"“”]+/g;
const TRAILING = /[.,;:!?)\]}'’।…]+$/;
const TICKS = { sent: ["M3 9l3.5 3.5L14 5"], delivered: ["M1 9l3.5 3.5L12 5", "M8.5 11.5l1 1L17 5"] };

export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function drawing(paths, box, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  for (const path of paths) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

export function linked(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const address = found[0].replace(TRAILING, "");
    parts.push(text.slice(from, found.index));
    parts.push(
      element("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: word("link") }, address),
    );
    from = found.index + address.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

export function tick(state) {
  const holder = element("span", { className: `tick ${state}` });
  holder.append(drawing(TICKS[state] ?? TICKS.delivered, "0 0 18 16", word(`tick.${state}`)));
  return holder;
}

function place(shown) {
  const point = `${shown.latitude.toFixed(4)}, ${shown.longitude.toFixed(4)}`;
  return element(
    "div",
    { className: "place" },
    drawing(["M12 21s7-6.3 7-11.5A7 7 0 0 0 5 9.5C5 14.7 12 21 12 21Z", "M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z"], "0 0 24 24", word("place")),
    element("span", {}, element("strong", { textContent: shown.label || word("place") }), element("span", { textContent: point })),
  );
}

function file(shown) {
  if (shown.picture) {
    return element("img", { src: shown.url, alt: shown.name || word("picture"), className: "picture" });
  }
  return element("a", { href: shown.url, className: "document", download: "" }, shown.name || word("file"));
}

function options(message, act) {
  const card = message.card;
  const list = element("div", { className: "taps" });
  for (const button of card?.buttons ?? []) {
    list.append(tap(button.title, () => act.choose(message.sid, button.id)));
  }
  if (card?.type === "list") {
    list.append(tap(card.label, () => act.open(message)));
  }
  for (const link of card?.links ?? []) {
    if (/^https?:\/\//.test(link.url)) {
      list.append(element("a", { href: link.url, target: "_blank", rel: "noopener noreferrer", className: "tap" }, link.title));
    }
  }
  return list.childElementCount ? list : null;
}

function tap(title, action) {
  const button = element("button", { type: "button", className: "tap", dir: "auto", textContent: title });
  button.addEventListener("click", action);
  return button;
}

export function bubble(message, act) {
  const text = message.text ? element("div", { className: "text", dir: "auto" }, ...linked(message.text)) : null;
  const foot = element("div", { className: "foot" }, element("time", { textContent: timeOf(message.at), dateTime: new Date(message.at).toISOString() }));
  if (message.tick) {
    foot.append(tick(message.tick));
  }
  const speaker = element("span", { className: "hidden", textContent: `${word(message.mine ? "you" : "business")}: ` });
  const parts = [...message.files.map(file), message.place ? place(message.place) : null, text, foot];
  const body = element("div", { className: "body" }, speaker, ...parts.filter(Boolean));
  const whole = element("article", { className: `bubble ${message.mine ? "mine" : "theirs"}` }, body);
  const taps = options(message, act);
  if (taps) {
    whole.append(taps);
  }
  return whole;
}
