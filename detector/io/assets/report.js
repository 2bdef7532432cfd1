// The report: sorts and filters the table that is already there, and opens an article when its link is followed.
// Everything from an article goes through textContent.
"use strict";

(() => {
  const STEP = 200; // rows shown at a time: sorting and typing stay quick with thousands
  const byId = (id) => document.getElementById(id);
  const table = byId("table");
  const body = table.tBodies[0];
  const headings = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  const state = { key: "score", down: true, words: "", label: "", machine: false, limit: STEP };
  const numbers = new Map(rows.map((row) => [row.lastElementChild.dataset.v, row]));
  let order = rows; // as sorted
  let shown = rows; // as sorted and filtered

  const cellOf = (row, column) => row.cells[headings.findIndex((cell) => cell.dataset.key === column)];

  function make(tag, name, text) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // --- the table

  const NUMERIC = new Set(["score", "share", "machine", "words", "number"]);
  const keys = new Map(); // column: the values of the rows, read once

  function keysOf(column) {
    if (!keys.has(column)) {
      const place = headings.findIndex((cell) => cell.dataset.key === column);
      keys.set(column, new Map(rows.map((row) => {
        const cell = row.cells[place];
        if (!NUMERIC.has(column)) return [row, cell.textContent.toLowerCase()];
        return [row, cell.dataset.v === undefined ? NaN : Number(cell.dataset.v)];
      })));
    }
    return keys.get(column);
  }

  const inWords = new Intl.Collator("en", { numeric: true });

  function compare(column, down) {
    const values = keysOf(column);
    const sign = down ? -1 : 1;
    if (!NUMERIC.has(column)) return (a, b) => sign * inWords.compare(values.get(a), values.get(b));
    return (a, b) => {
      const [left, right] = [values.get(a), values.get(b)];
      if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right); // undefined last
      return sign * (left - right);
    };
  }

  function sort(column) {
    state.down = state.key === column ? !state.down : NUMERIC.has(column) && column !== "number";
    state.key = column;
    state.limit = STEP;
    order = rows.slice().sort(compare(column, state.down));
    for (const cell of headings) {
      if (cell.dataset.key === column) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    show();
  }

  function show() {
    const names = keysOf("id");
    const wanted = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    shown = order.filter((row) =>
      (!state.label || row.dataset.label === state.label) &&
      (!state.machine || "machine" in row.dataset) &&
      wanted.every((word) => names.get(row).includes(word)));
    body.replaceChildren(...shown.slice(0, state.limit));
    const more = shown.length - state.limit;
    byId("more").hidden = more <= 0;
    if (more > 0) byId("more").firstChild.textContent = `Show ${Math.min(more, STEP)} more of ${shown.length.toLocaleString()}`;
    const all = rows.length.toLocaleString();
    const part = shown.length === rows.length ? `${all} articles` : `${shown.length.toLocaleString()} of ${all} articles`;
    byId("found").textContent = shown.length ? part : "No article matches.";
  }

  function tools() {
    const search = make("input");
    Object.assign(search, { type: "search", placeholder: "Filter by name or first words", id: "search" });
    search.setAttribute("aria-label", "Filter articles by name or first words");
    search.addEventListener("input", () => {
      state.words = search.value;
      state.limit = STEP;
      show();
    });
    const chips = make("fieldset", "chips");
    chips.append(make("legend", "hidden", "Filter by label"));
    const counts = new Map();
    const names = new Map();
    for (const row of rows) {
      const label = row.dataset.label;
      counts.set(label, (counts.get(label) || 0) + 1);
      if (!names.has(label)) names.set(label, cellOf(row, "label").textContent.replace(/[●◐○]/g, "").trim());
    }
    const labels = ["filler", "unclear", "substantive", "too_short", "not_english", "error"];
    const choices = ["", ...labels.filter((label) => counts.has(label))].map((label) => {
      const text = label ? `${names.get(label)} ${counts.get(label).toLocaleString()}` : "all";
      const button = make("button", "", text);
      button.type = "button";
      button.setAttribute("aria-pressed", String(label === ""));
      button.addEventListener("click", () => {
        state.label = label;
        state.limit = STEP;
        for (const other of choices) other.setAttribute("aria-pressed", String(other === button));
        show();
      });
      return button;
    });
    chips.append(...choices);
    if (rows.some((row) => "machine" in row.dataset)) {
      const machine = make("button", "", "machine flag");
      machine.type = "button";
      machine.setAttribute("aria-pressed", "false");
      machine.addEventListener("click", () => {
        state.machine = !state.machine;
        state.limit = STEP;
        machine.setAttribute("aria-pressed", String(state.machine));
        show();
      });
      chips.append(machine);
    }
    const found = make("p", "aside");
    found.id = "found";
    found.setAttribute("role", "status");
    byId("tools").append(search, chips, found);
    byId("tools").hidden = false;
    const more = make("button");
    more.type = "button";
    more.addEventListener("click", () => {
      state.limit += STEP;
      show();
    });
    byId("more").append(more);
    for (const cell of headings) {
      const button = make("button", "", cell.textContent);
      button.type = "button";
      button.addEventListener("click", () => sort(cell.dataset.key));
      cell.replaceChildren(button);
    }
  }

  // --- the articles: packed in blocks of JSON, a few opened blocks are kept

  const opened = new Map();

  async function block(number) {
    if (!opened.has(number)) {
      if (opened.size > 3) opened.delete(opened.keys().next().value);
      const packed = Uint8Array.from(atob(byId(`block-${number}`).textContent), (unit) => unit.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
      opened.set(number, JSON.parse(await new Response(stream).text()));
    }
    return opened.get(number);
  }

  const linkOf = (row) => row.querySelector("th a");
  const DASH = "—";
  const decimal = (value) => (typeof value === "number" ? value.toFixed(2) : DASH);
  const percent = (value) => (typeof value === "number" ? `${Math.round(100 * value)}%` : DASH);

  function tile(name, value, words, share) {
    const box = make("div", "tile");
    const data = make("dd");
    data.append(make("b", "", value));
    if (typeof share === "number") {
      const scale = make("span", "fact-scale");
      const part = make("i");
      part.style.width = `${100 * share}%`;
      scale.append(part);
      scale.setAttribute("aria-hidden", "true");
      data.append(scale);
    }
    data.append(make("span", "", words));
    box.append(make("dt", "", name), data);
    return box;
  }

  function facts(article, label) {
    const p = (name) => (typeof article.p_values[name] === "number" ? ` · p ${article.p_values[name].toPrecision(2)}` : "");
    const machine = article.flags.includes("machine") ? "flagged; no part of the score" : "no part of the score";
    byId("facts").replaceChildren(
      tile("Score", decimal(article.score), label + p("score"), article.score),
      tile("Filler share", percent(article.filler_share), "of the words", article.filler_share),
      tile("Claim-to-filler ratio", decimal(article.ratio), "words of claims to words of filler"),
      tile("Machine score", decimal(article.machine_score), machine + p("machine_score"), article.machine_score),
      tile("Words", article.words.toLocaleString(), `${article.sentences.length.toLocaleString()} sentences`),
    );
  }

  function strip(article) {
    const parts = article.sentences.length > 600 || typeof article.score !== "number" ? [] : article.sentences;
    byId("strip").replaceChildren(...parts.map((sentence) => {
      const part = make("i", `strip-${sentence.kind}`);
      part.style.flexGrow = sentence.end - sentence.start;
      return part;
    }));
    byId("strip").hidden = !parts.length;
    byId("strip").classList.toggle("strip-fine", parts.length > 100);
  }

  function bars(holder, reasons, intercept, lower, higher, onMark) {
    if (reasons.length) contributionBars(holder, reasons, { lower, higher, intercept, onMark });
    else holder.replaceChildren(make("p", "aside", "There is no score to explain."));
  }

  const KINDS = { claim: "C claim", repeat: "R repeat", generic: "G generic", boilerplate: "B boilerplate", heading: "H heading" };

  function listing(article) {
    const points = Array.from(article.text);
    const list = make("table");
    const head = list.createTHead().insertRow();
    for (const name of ["No.", "Kind", "Filler", "Sentence and reasons"]) {
      const cell = make("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    const lines = list.createTBody();
    article.sentences.forEach((sentence, index) => {
      const line = lines.insertRow();
      line.insertCell().textContent = index + 1;
      const unjudged = sentence.kind === "claim" && typeof sentence.filler !== "number";
      line.insertCell().textContent = unjudged ? "not judged" : KINDS[sentence.kind];
      line.insertCell().textContent = percent(sentence.filler);
      const cell = line.insertCell();
      cell.append(points.slice(sentence.start, sentence.end).join("").replace(/\s+/g, " "));
      const reasons = sentence.reasons.map((reason) => reason.text);
      if (sentence.repeats !== null) reasons.unshift(`Repeats sentence ${sentence.repeats + 1}`);
      if (!reasons.length) return;
      const items = make("ul");
      for (const reason of reasons) items.append(make("li", "", reason));
      cell.append(items);
    });
    return list;
  }

  let current = null; // the row of the opened article
  let article = null; // its details
  let shaded = null;

  function fill(row) {
    const label = cellOf(row, "label").textContent.trim();
    byId("name").textContent = article.id || DASH;
    byId("meaning").textContent = article.meaning;
    facts(article, label);
    byId("notes").replaceChildren(...article.notes.map((note) => make("p", "notice", note)));
    byId("facts").hidden = article.error !== null;
    byId("body").hidden = !article.text;
    if (shaded) shaded.stop();
    shaded = shadeArticle(byId("text"), article.text, article.sentences, article.reasons,
      { prefix: `${linkOf(row).hash.slice(1)}-s` });
    strip(article);
    const mark = (spans) => shaded.mark(spans);
    bars(byId("why"), article.reasons, article.intercept, "substantive", "filler", mark);
    bars(byId("machine").lastElementChild, article.machine_reasons, article.machine_intercept, "person", "machine", mark);
    byId("machine").hidden = !article.machine_reasons.length;
    byId("listing").open = false;
    byId("listing").hidden = !article.sentences.length;
    byId("listing").lastElementChild.replaceChildren();
    const fields = Object.entries(article.input);
    byId("input").hidden = !fields.length;
    byId("input").lastElementChild.replaceChildren(
      ...fields.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
    step("previous", -1, row);
    step("next", 1, row);
  }

  // The articles before and after, in the order of the table.
  function step(id, by, row) {
    const link = byId(id);
    let at = shown.indexOf(row);
    if (at >= 0) do at += by; while (shown[at] && !shown[at].dataset.place);
    const goal = at >= 0 && shown[at];
    if (goal) link.setAttribute("href", linkOf(goal).getAttribute("href"));
    else link.removeAttribute("href");
  }

  async function open(row) {
    const [number, place] = row.dataset.place.split(" ").map(Number);
    if (!window.DecompressionStream) {
      byId("name").textContent = linkOf(row).textContent;
      byId("meaning").textContent = "This browser is too old to open the texts of this report; a newer one shows them.";
      return;
    }
    const details = (await block(number))[place];
    if (current !== row) return; // another was asked for meanwhile
    article = details;
    fill(row);
  }

  let place = 0; // how far the overview was scrolled

  async function route() {
    const found = /^#article-(\d+)(?:-s(\d+))?$/.exec(location.hash);
    const row = found && numbers.get(found[1]);
    if (!row || !row.dataset.place) {
      if (!current) return;
      const link = linkOf(current);
      current = null;
      if (shaded) shaded.stop();
      shaded = null;
      byId("article").hidden = true;
      byId("overview").hidden = false;
      document.title = "Filler report";
      scrollTo(0, place);
      if (link) link.focus({ preventScroll: true });
      return;
    }
    if (row !== current) {
      if (!current) place = scrollY;
      current = row;
      await open(row);
      if (row !== current) return;
      byId("overview").hidden = true;
      byId("article").hidden = false;
      document.title = `${byId("name").textContent} · Filler report`;
      if (!found[2]) {
        scrollTo(0, 0);
        byId("name").focus({ preventScroll: true });
      }
    }
    if (found[2] && shaded) shaded.focus(Number(found[2]) - 1);
  }

  function fillListing() {
    const holder = byId("listing").lastElementChild;
    if (article && !holder.childElementCount) holder.append(listing(article));
  }

  byId("listing").addEventListener("toggle", () => {
    if (byId("listing").open) fillListing();
  });

  // On paper nothing can be pointed at or scrolled: everything is written out.
  let before = null;
  addEventListener("beforeprint", () => {
    before = { limit: state.limit, listing: byId("listing").open };
    state.limit = Infinity;
    show();
    if (current) {
      fillListing();
      byId("listing").open = true;
    }
  });
  addEventListener("afterprint", () => {
    state.limit = before.limit;
    byId("listing").open = before.listing;
    show();
  });

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    const reading = event.target.closest("a") || String(getSelection());
    if (row.dataset.place && !reading) location.hash = linkOf(row).hash;
  });

  tools();
  show();
  table.classList.add("ready");
  addEventListener("hashchange", route);
  route();
})();
