// What was found, beside the text: verdict, kinds of sentences, figures, reasons.

import { countKinds, decimal, kindWords, KINDS, LABELS, make, percent } from "./words.js";

/** Show `record` in the pane `root`, or the welcome when there is none; `onMark` gets the spans of a chosen reason. */
export function showResult(root, record, onMark) {
  const find = (selector) => root.querySelector(selector);
  find(".welcome").hidden = record !== null;
  find(".found").hidden = record === null;
  if (record === null) return;

  const scored = typeof record.score === "number";
  const label = find(".label");
  label.textContent = LABELS[record.label] || record.label;
  label.className = `label label-${record.label}`;
  find(".score").textContent = scored ? `score ${decimal(record.score)}` : "no score";
  find(".meaning").textContent = record.meaning;
  showKinds(find(".kinds"), find(".kinds-words"), record.sentences);
  find(".facts").replaceChildren(...facts(record));
  find(".notes").replaceChildren(...record.notes.map((note) => make("li", "", note)));

  find(".why").hidden = !record.reasons.length;
  contributionBars(find(".reasons"), record.reasons, { lower: "substantive", higher: "filler", onMark });
  find(".why-machine").hidden = !record.machine_reasons.length;
  find(".machine-words").textContent = `${percent(record.machine_score)} likely machine-written. A second opinion: it is no part of the score, and no proof of who wrote a text.`;
  contributionBars(find(".machine-reasons"), record.machine_reasons, { lower: "human", higher: "machine", onMark });
}

function showKinds(bar, words, sentences) {
  const counts = countKinds(sentences);
  const parts = KINDS.filter((kind) => counts[kind]).map((kind) => {
    const part = make("span", `kind kind-${kind}`);
    part.style.flexGrow = counts[kind];
    return part;
  });
  bar.replaceChildren(...parts);
  words.textContent = kindWords(counts);
}

function facts(record) {
  const ratio = record.features.claim_to_filler_ratio;
  const rows = [
    ["Filler share", percent(record.filler_share), "of the words stand in such sentences"],
    ["Claims to filler", typeof ratio === "number" ? `${ratio < 9.95 ? ratio.toFixed(1) : Math.round(ratio)} : 1` : "—", "words that say something, for one that does not"],
    ["Machine-written", percent(record.machine_score), "likely; no part of the score"],
  ];
  return rows.map(([name, value, meaning]) => {
    const row = make("div", "fact");
    row.append(make("dt", "", name), make("dd", "", value));
    row.lastChild.append(make("small", "", meaning));
    return row;
  });
}
