// Talks to the simulator's own server.
const MARK = { "X-Try-It": "page" };

export class Refused extends Error {}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused("unreachable");
  }
  if (!response.ok) {
    throw new Refused(response.status === 413 ? "too_large" : "refused");
  }
  return response.json();
}

export const history = (contact) => answered(fetch(`/try/messages?contact=${encodeURIComponent(contact)}`));

export const send = (order) =>
  answered(
    fetch("/try/messages", {
      method: "POST",
      headers: { ...MARK, "Content-Type": "application/json" },
      body: JSON.stringify(order),
    }),
  );

export function sendFile(contact, file, text) {
  const form = new FormData();
  form.append("contact", contact);
  form.append("text", text);
  form.append("file", file);
  return answered(fetch("/try/files", { method: "POST", headers: MARK, body: form }));
}

export function listen(onNews, onOpen, onTrouble) {
  const source = new EventSource("/try/events");
  source.addEventListener("message", (event) => onNews(JSON.parse(event.data)));
  source.addEventListener("open", onOpen);
  source.addEventListener("error", onTrouble);
}
