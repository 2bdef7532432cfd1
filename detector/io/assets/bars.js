// Draws reasons as signed bars around a middle line. Plain script: it defines one global, `contributionBars`.
//
//   contributionBars(container, report.reasons, {
//     lower: "substantive", higher: "filler",  // what the two directions mean
//     intercept: -1.2,                         // optional: where the sum starts; the sum is then shown
//     onMark: (spans) => shaded.mark(spans),   // optional: a button on each reason that has spans calls this
//   });
//
// `reasons` have the shape of Report.to_dict. Every node is built with textContent.
"use strict";

const contributionBars = (() => {
  const SMALL = 0.02; // of all contributions: smaller ones are folded away, and still there

  function make(tag, name, text) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function signed(value) {
    return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  }

  // "3 generic sentences …: “quoted”; “quoted”" has a head, which is read first, and quotations.
  function split(text) {
    const at = text.indexOf(": “");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 2)];
  }

  function marker(head, spans, options, buttons) {
    const button = make("button", "bars-show", "show in text");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", `Show in text: ${head}`);
    button.addEventListener("click", () => {
      const pressed = button.getAttribute("aria-pressed") === "true";
      for (const other of buttons) other.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(!pressed));
      options.onMark(pressed ? [] : spans);
    });
    buttons.push(button);
    return button;
  }

  function item(reason, largest, options, buttons) {
    const row = make("li", reason.contribution < 0 ? "bars-row bars-lower" : "bars-row bars-higher");
    const number = make("span", "bars-number", signed(reason.contribution));
    const towards = reason.contribution < 0 ? options.lower : options.higher;
    number.append(make("span", "bars-hidden", ` towards ${towards}. `));
    const track = make("span", "bars-track");
    const bar = make("span", "bars-bar");
    bar.style.width = `${(50 * Math.abs(reason.contribution)) / largest}%`;
    track.append(bar);
    track.setAttribute("aria-hidden", "true");
    const words = make("div", "bars-words");
    const [head, quotes] = split(reason.text);
    const spans = reason.spans || [];
    words.append(make("span", "bars-head", head));
    if (quotes) words.append(make("span", "bars-quotes", quotes));
    if (options.onMark && spans.length) words.append(marker(head, spans, options, buttons));
    row.append(number, track, words);
    return row;
  }

  return function contributionBars(container, reasons, options) {
    const chosen = options || {};
    container.classList.add("bars");
    const ends = make("p", "bars-ends");
    ends.setAttribute("aria-hidden", "true");
    ends.append(make("span", "", `← ${chosen.lower}`), make("span", "", `${chosen.higher} →`));
    const list = make("ol", "bars-list");
    const largest = Math.max(...reasons.map((reason) => Math.abs(reason.contribution)), 1e-9);
    const buttons = [];
    const whole = reasons.reduce((sum, reason) => sum + Math.abs(reason.contribution), 0);
    const small = reasons.filter((reason) => Math.abs(reason.contribution) < SMALL * whole);
    const folded = new Set(small.length > 1 ? small : []);
    for (const reason of reasons) if (!folded.has(reason)) list.append(item(reason, largest, chosen, buttons));
    container.replaceChildren(ends, list);
    if (folded.size) {
      const total = small.reduce((sum, reason) => sum + reason.contribution, 0);
      const more = make("details", "bars-more");
      const rest = make("ol", "bars-list");
      for (const reason of small) rest.append(item(reason, largest, chosen, buttons));
      more.append(make("summary", "", `${small.length} small ones, ${signed(total)} together`), rest);
      container.append(more);
    }
    if (typeof chosen.intercept === "number") {
      const total = reasons.reduce((sum, reason) => sum + reason.contribution, chosen.intercept);
      const sum = `The sum starts at ${signed(chosen.intercept)} and ends at ${signed(total)}`;
      const chance = 1 / (1 + Math.exp(-total));
      container.append(make("p", "bars-sum", `${sum}, in logits: a chance of ${(100 * chance).toFixed(chance < 0.1 ? 1 : 0)} %.`));
    }
  };
})();
