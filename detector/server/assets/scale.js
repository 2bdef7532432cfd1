// The scale from 0 to 1 with the cut on it, and what was measured there.

import { decimal, rate } from "./words.js";

const find = (selector) => document.querySelector(selector);

/** Return the functions of the scale: `about` takes the model, `show` the panes. */
export function makeScale() {
  const slider = find("#cut");
  let model = { cuts: { filler: 0.5, substantive: 0.1 }, error_rates: null };
  let panes = [];

  function about(found) {
    model = found;
    const { substantive, filler } = model.cuts;
    find(".zone-substantive").style.width = `${100 * substantive}%`;
    find(".zone-unclear").style.width = `${100 * (filler - substantive)}%`;
    find(".zone-filler").style.width = `${100 * (1 - filler)}%`;
    find("#scale-lead").textContent = `This model calls a text substantive below ${decimal(substantive)} and filler from ${decimal(filler)} on; between them it does not say. Move the cut to see what another one would do.`;
    slider.value = filler;
    draw();
  }

  function show(shown) {
    panes = shown.filter((pane) => pane.record && typeof pane.record.score === "number");
    draw();
  }

  function draw() {
    const cut = Number(slider.value);
    const isDefault = Math.abs(cut - model.cuts.filler) < 0.005;
    find("#cut-value").textContent = cut.toFixed(2);
    find("#cut-reset").hidden = isDefault;
    drawDots();
    const measured = ratesAt(model.error_rates, cut);
    drawRate("#caught", measured, "true_positive", "of filler articles are caught");
    drawRate("#mistaken", measured, "false_positive", "of other articles are called filler by mistake");
    const verdicts = panes.map((pane) => {
      const name = panes.length > 1 ? `Version ${pane.name.toUpperCase()}` : "This text";
      return `${name} scores ${decimal(pane.record.score)}: ${pane.record.score >= cut ? "filler" : "not filler"} at this cut.`;
    });
    find("#at-cut").textContent = verdicts.join(" ");
    find("#rates-source").textContent = sourceWords(model.error_rates, measured);
    const rates = measured ? `, catches ${rate(measured.true_positive)}, mistakes ${rate(measured.false_positive)}` : "";
    slider.setAttribute("aria-valuetext", `${cut.toFixed(2)}${rates}`);
  }

  function drawDots() {
    for (const dot of document.querySelectorAll(".dot")) {
      const pane = panes.find((candidate) => candidate.name === dot.dataset.pane);
      dot.hidden = !pane;
      if (!pane) continue;
      dot.style.left = `${100 * pane.record.score}%`;
      dot.textContent = panes.length > 1 ? pane.name.toUpperCase() : decimal(pane.record.score);
    }
    const [first, second] = panes;
    const close = panes.length === 2 && Math.abs(first.record.score - second.record.score) < 0.04;
    find(".dot[data-pane='b']").classList.toggle("dot-beside", close);
  }

  slider.addEventListener("input", draw);
  find("#cut-reset").addEventListener("click", () => {
    slider.value = model.cuts.filler;
    draw();
    slider.focus();
  });
  return { about, show };
}

function drawRate(selector, measured, name, words) {
  const node = find(selector);
  node.hidden = !measured;
  if (!measured) return;
  const [low, high] = measured[`${name}_interval`];
  node.querySelector("b").textContent = rate(measured[name]);
  node.querySelector("span").textContent = `${words} (95 % interval: ${rate(low)} to ${rate(high)})`;
}

// The rates measured at the nearest cut.
function ratesAt(rates, cut) {
  if (!rates) return null;
  let nearest = 0;
  rates.cuts.forEach((value, index) => {
    if (Math.abs(value - cut) < Math.abs(rates.cuts[nearest] - cut) - 1e-9) nearest = index;
  });
  return {
    cut: rates.cuts[nearest],
    true_positive: rates.true_positive_rate[nearest],
    true_positive_interval: rates.true_positive_interval[nearest],
    false_positive: rates.false_positive_rate[nearest],
    false_positive_interval: rates.false_positive_interval[nearest],
  };
}

function sourceWords(rates, measured) {
  if (!rates) {
    return "This model came without a table of error rates at each cut (error_rates.json in its folder). The model card has the rates at the default cut.";
  }
  const { filler, not_filler: other } = rates.articles;
  return `Measured at ${decimal(measured.cut)} on ${filler.toLocaleString("en")} filler and ${other.toLocaleString("en")} other articles: ${rates.source}. Your texts may differ; see the card for rates by genre.`;
}
