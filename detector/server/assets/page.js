// The page: one pane, or two side by side; the scale under them; the token when the server asks for one.

import { makePane } from "./pane.js";
import { makeScale } from "./scale.js";
import { Failure, get, setToken } from "./server.js";
import { addNothing, decimal, make, percent } from "./words.js";

const find = (selector) => document.querySelector(selector);
const limits = {};
const scale = makeScale();
const panes = [pane("a")];
let speaking = 0;
find("#panes").append(panes[0].root);

function pane(name) {
  const made = makePane(name, { tell, announce, limits, onUnauthorised: askForToken });
  for (const button of made.root.querySelectorAll("[data-example]")) {
    button.addEventListener("click", () => example(button.dataset.example, made));
  }
  return made;
}

function shown() {
  return compared() ? panes : panes.slice(0, 1);
}

function compared() {
  return find("#compare").getAttribute("aria-pressed") === "true";
}

function tell() {
  scale.show(shown());
  showDifference();
}

// Results are spoken once they have stood for a moment, not at every key.
function announce(words) {
  clearTimeout(speaking);
  speaking = setTimeout(() => (find("#status").textContent = words), 700);
}

function setCompared(wanted) {
  find("#compare").setAttribute("aria-pressed", String(wanted));
  if (wanted && panes.length === 1) panes.push(pane("b"));
  find("#work").className = wanted ? "two" : "one";
  if (wanted && matchMedia("(max-width: 64rem)").matches) {
    // one under the other: the second text must not be far below
    for (const each of panes) each.root.querySelector(".why").open = false;
  }
  find("#panes").replaceChildren(...shown().map((each) => each.root));
  tell();
}

function showDifference() {
  const [first, second] = shown().map((each) => each.record);
  const both = Boolean(first && second && typeof first.score === "number" && typeof second.score === "number");
  find("#difference").hidden = !both;
  if (!both) return;
  const empty = [addNothing(first.sentences), addNothing(second.sentences)];
  const rows = [
    ["Score", decimal(first.score), decimal(second.score)],
    ["Filler share", percent(first.filler_share), percent(second.filler_share)],
    ["Sentences that add nothing", `${empty[0][0]} of ${empty[0][1]}`, `${empty[1][0]} of ${empty[1][1]}`],
    ["Words", first.words.toLocaleString("en"), second.words.toLocaleString("en")],
  ];
  find("#difference-table").replaceChildren(
    ...rows.map(([name, before, after]) => {
      const row = make("div", "change");
      const value = make("dd", "");
      value.append(make("span", "", before), make("span", "arrow", " → "), make("b", "", after));
      row.append(make("dt", "", name), value);
      return row;
    }),
  );
  const step = second.filler_share - first.filler_share;
  const points = Math.round(100 * Math.abs(step));
  find("#difference-words").textContent =
    points === 0
      ? "Both hold the same share of filler."
      : `Version ${step < 0 ? "B" : "A"} is the denser one, by ${points} ${points === 1 ? "point" : "points"} of filler share.`;
}

async function example(name, target) {
  const fetched = (part) => fetch(`/assets/example-${part}.txt`, { credentials: "omit" }).then((answer) => answer.text());
  if (name === "both") {
    setCompared(true);
    panes[0].setText(await fetched("padded"));
    panes[1].setText(await fetched("full"));
    return;
  }
  target.setText(await fetched(name));
  target.focus();
}

function askForToken() {
  find("#token").hidden = false;
  find("#token-value").focus();
}

async function start() {
  try {
    const model = await get("/v1/model");
    Object.assign(limits, model.limits);
    scale.about(model);
    find("#about").textContent = `Model ${model.model}, version ${model.version}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.status === 401) askForToken();
    else find("#about").textContent = error.message;
  }
}

find("#compare").addEventListener("click", () => {
  setCompared(!compared());
  if (compared()) (panes[0].hasText() ? panes[1] : panes[0]).focus();
});
find("#token").addEventListener("submit", (event) => {
  event.preventDefault();
  setToken(find("#token-value").value);
  find("#token-value").value = "";
  find("#token").hidden = true;
  start();
  for (const each of shown()) each.resend();
});
for (const kind of ["dragover", "drop"]) {
  // a file dropped beside the editor must not replace the page
  addEventListener(kind, (event) => {
    if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
  });
}
start();
