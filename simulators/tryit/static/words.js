// The page's words and what the server said about it.
const live = JSON.parse(document.getElementById("live").textContent);

export const language = live.language;
export const contacts = live.contacts;

export function word(key, values = {}) {
  const text = live.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

const locale = language === "hi" ? "hi-IN-u-nu-latn" : "en-IN";
const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const precise = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });

export const timeOf = (at) => clock.format(new Date(at));
export const secondOf = (at) => precise.format(new Date(at));
export const dayOf = (at) => {
  const written = day.format(new Date(at));
  return written === day.format(new Date()) ? word("today") : written;
};
