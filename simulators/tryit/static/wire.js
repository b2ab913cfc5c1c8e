// The column that shows what passes between the provider and Sahayak.
import { element } from "./bubbles.js";
import { secondOf, word } from "./words.js";

const steps = document.getElementById("steps");
const quiet = document.getElementById("quiet");
const MOST = 60;

function outcome(step) {
  if (step.what === "accepted") {
    return null;
  }
  const good = step.code >= 200 && step.code < 300;
  const text = step.code
    ? word("wire.answered", { code: step.code, milliseconds: Math.round(step.milliseconds) })
    : word("wire.failed");
  return element("span", { className: good ? "good" : "bad", textContent: text });
}

export function note(step) {
  const said = word(`wire.${step.what}`, { status: word(`status.${step.status}`) });
  const line = element(
    "li",
    { className: step.what },
    element("time", { textContent: secondOf(step.at) }),
    element("span", { textContent: said }),
    outcome(step),
  );
  steps.prepend(line);
  quiet.hidden = true;
  while (steps.childElementCount > MOST) {
    steps.lastElementChild.remove();
  }
}

export function fill(list) {
  steps.replaceChildren();
  quiet.hidden = list.length > 0;
  list.forEach(note);
}
