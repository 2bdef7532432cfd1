// Shades an article by kind of sentence. Plain script, no dependency: it defines one global, `shadeArticle`.
//
//   const shaded = shadeArticle(container, text, report.sentences, report.reasons, { prefix: "s" });
//   shaded.focus(3);              // go to the fourth sentence
//   shaded.mark([[112, 145]]);    // mark words of the text and bring the first into sight; mark([]) takes it back
//   shaded.stop();                // before the container is filled anew
//
// `sentences` and `reasons` have the shape of Report.to_dict. Offsets are code points of `text`. Every node is built
// with textContent: whatever stands in an article stays text. Colours and patterns are in shade.css.
"use strict";

const shadeArticle = (() => {
  const KINDS = {
    claim: ["C", "claim"],
    repeat: ["R", "repeat"],
    generic: ["G", "generic"],
    boilerplate: ["B", "boilerplate"],
    heading: ["H", "heading"],
  };
  const UNJUDGED = ["", "not judged"]; // prose of a text on which the model abstains
  const LONGEST_GAP = 160; // characters; what lies between sentences is markup or code when it is longer
  const TAG = /<[^<>]*>/g;
  const BLOCK_TAG = new RegExp(
    "</?(address|article|aside|blockquote|body|br|dd|div|dl|dt|fig|footer|form|h[1-6]|head|hr|html|li|main|nav|ol|" +
      "option|p|pre|section|table|td|th|title|tr|ul)\\b",
    "i",
  );
  const LINGER = 250; // milliseconds that a reason stays, so that the pointer can reach it

  function make(tag, name, text) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // Positions in JavaScript count UTF-16 units, offsets count code points: they differ after the first emoji.
  function unitsOf(text) {
    if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return (point) => Math.min(point, text.length);
    const units = new Uint32Array(text.length + 1);
    let point = 0;
    let unit = 0;
    for (const character of text) {
      units[point] = unit;
      point += 1;
      unit += character.length;
    }
    units[point] = unit;
    return (wanted) => units[Math.min(wanted, point)];
  }

  function percent(value) {
    return `${Math.round(100 * value)} %`;
  }

  function quote(text) {
    const line = text.replace(/\s+/g, " ").trim();
    const characters = Array.from(line);
    return characters.length > 110 ? `“${characters.slice(0, 108).join("")}…”` : `“${line}”`;
  }

  function kindOf(sentence) {
    return sentence.kind === "claim" && typeof sentence.filler !== "number" ? UNJUDGED : KINDS[sentence.kind];
  }

  function describe(sentence, number, count) {
    const judged = typeof sentence.filler === "number" ? `, ${percent(sentence.filler)} likely filler` : "";
    const again = repeats(sentence) ? `, repeats sentence ${sentence.repeats + 1}` : "";
    return `Sentence ${number} of ${count}, ${kindOf(sentence)[1]}${judged}${again}`;
  }

  function repeats(sentence) {
    return sentence.repeats !== null && sentence.repeats !== undefined;
  }

  // What stands between two sentences: a blank, a line end, a paragraph end, or something that was not judged.
  function fillGap(body, gap) {
    if (gap === "") return;
    const bare = gap.replace(TAG, "");
    const lines = bare.split(/\r\n|[\n\r\u2028\u2029]/).length - 1;
    if (bare.trim() !== "") {
      const skipped = gap.trim();
      if (skipped.length <= LONGEST_GAP) {
        body.append(make("span", "shade-between", gap.replace(/[^\S\n]+/g, " ")));
        return;
      }
      const more = make("details", "shade-skipped");
      more.append(
        make("summary", "", `${skipped.length.toLocaleString()} characters of markup or code, not judged`),
        make("pre", "", skipped),
      );
      body.append(more);
      return;
    }
    // between sentences tags stand for the break that they make
    if (!body.hasChildNodes()) return;
    if (lines > 1 || BLOCK_TAG.test(gap)) body.append(make("span", "shade-paragraph"));
    else body.append(lines === 1 ? make("br") : " ");
  }

  function whyBox(id) {
    const box = make("div", "shade-why");
    box.id = id;
    box.setAttribute("role", "tooltip");
    box.hidden = true;
    return box;
  }

  function shadeArticle(container, text, sentences, reasons, options) {
    const prefix = (options && options.prefix) || "s";
    const unit = unitsOf(text);
    const piece = (span) => text.slice(unit(span[0]), unit(span[1]));
    const body = make("div", "shade-text");
    const box = whyBox(`${prefix}-why`);
    const nodes = [];
    const holders = []; // the text node of each sentence
    let shown = -1;
    let stop = 0; // the sentence that the Tab key reaches
    let timer = 0;

    let last = 0;
    sentences.forEach((sentence, index) => {
      fillGap(body, piece([last, sentence.start]));
      const node = make("span", `shade-sentence shade-lettered shade-${sentence.kind}`);
      const words = make("span", "shade-words", piece([sentence.start, sentence.end]));
      node.id = `${prefix}${index + 1}`;
      node.dataset.index = index;
      node.tabIndex = index ? -1 : 0; // one stop for the Tab key, arrows from there
      node.setAttribute("role", "group");
      node.setAttribute("aria-roledescription", "sentence");
      node.setAttribute("aria-label", describe(sentence, index + 1, sentences.length));
      if (typeof sentence.filler === "number") node.style.setProperty("--filler", sentence.filler.toFixed(2));
      node.append(letter(sentence), words);
      body.append(node);
      nodes.push(node);
      holders.push(words.firstChild || words);
      last = sentence.end;
    });
    fillGap(body, text.slice(unit(last)));
    container.classList.add("shade");
    container.replaceChildren(body, box);

    function letter(sentence) {
      const sign = kindOf(sentence)[0];
      if (!repeats(sentence)) {
        const plain = make("span", "shade-letter", sign);
        plain.setAttribute("aria-hidden", "true");
        return plain;
      }
      const link = make("a", "shade-letter", `${sign}\u202f${sentence.repeats + 1}`);
      link.href = `#${prefix}${sentence.repeats + 1}`;
      link.setAttribute("aria-label", `repeats sentence ${sentence.repeats + 1}: go there`);
      return link;
    }

    function explain(index) {
      const sentence = sentences[index];
      const [sign, name] = kindOf(sentence);
      const head = make("p", "shade-why-head");
      if (sign) head.append(make("b", `shade-key shade-key-${sentence.kind}`, sign), " ");
      head.append(name);
      if (typeof sentence.filler === "number") {
        head.append(make("span", "shade-why-number", `${percent(sentence.filler)} likely filler`));
      }
      head.append(make("span", "shade-why-place", `sentence ${index + 1}`));
      const parts = [head];
      if (repeats(sentence)) {
        const line = make("p", "shade-why-repeats");
        const link = make("a", "", `sentence ${sentence.repeats + 1}`);
        link.href = `#${prefix}${sentence.repeats + 1}`;
        const earlier = sentences[sentence.repeats];
        line.append("Comes back to ", link, earlier ? `: ${quote(piece([earlier.start, earlier.end]))}` : "");
        parts.push(line);
      }
      const list = make("ul", "");
      for (const reason of sentence.reasons || []) list.append(make("li", "", reason.text));
      if (list.childElementCount) parts.push(list);
      const counted = (reasons || []).filter((reason) => (reason.spans || []).some((span) => within(span, sentence)));
      if (counted.length) {
        const sums = counted.map(({ contribution, text: words }) =>
          `${contribution < 0 ? "−" : "+"}${Math.abs(contribution).toFixed(2)} ${words.split(/ \(|: “/)[0]}`);
        parts.push(make("p", "shade-why-counted", `Part of the score: ${sums.join("; ")}`));
      }
      box.replaceChildren(...parts);
    }

    function within(span, sentence) {
      return span[0] >= sentence.start && span[1] <= sentence.end;
    }

    function show(index) {
      clearTimeout(timer);
      if (shown === index) return;
      hide();
      shown = index;
      explain(index);
      box.hidden = false;
      place(nodes[index]);
      nodes[index].classList.add("shade-active");
      nodes[index].setAttribute("aria-describedby", box.id);
      mark((sentences[index].reasons || []).flatMap((reason) => reason.spans || []), "shade-shown");
      if (repeats(sentences[index]) && nodes[sentences[index].repeats]) {
        nodes[sentences[index].repeats].classList.add("shade-origin");
      }
    }

    // Under the last line of the sentence, or above its first one where there is no room below.
    function place(node) {
      const frame = container.getBoundingClientRect();
      const lines = node.getClientRects();
      const first = lines[0];
      const end = lines[lines.length - 1];
      const room = document.documentElement.clientHeight - end.bottom;
      const above = room < box.offsetHeight + 12 && first.top > box.offsetHeight + 12;
      const left = Math.min(Math.max(end.left - frame.left, 0), Math.max(frame.width - box.offsetWidth, 0));
      box.style.left = `${left}px`;
      box.style.top = `${above ? first.top - frame.top - box.offsetHeight - 6 : end.bottom - frame.top + 6}px`;
    }

    function hide() {
      clearTimeout(timer);
      if (shown < 0) return;
      nodes[shown].classList.remove("shade-active");
      nodes[shown].removeAttribute("aria-describedby");
      for (const node of body.querySelectorAll(".shade-origin")) node.classList.remove("shade-origin");
      mark([], "shade-shown");
      box.hidden = true;
      shown = -1;
    }

    function hideSoon() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const held = document.activeElement && document.activeElement.closest(".shade-sentence");
        if (held && body.contains(held)) show(Number(held.dataset.index));
        else hide();
      }, LINGER);
    }

    // Outlines whole sentences, and tints parts of them without touching the nodes where the browser can do that.
    function mark(spans, name) {
      const known = name || "shade-marked";
      for (const node of body.querySelectorAll(`.${known}`)) node.classList.remove(known);
      const ranges = [];
      for (const span of spans) {
        sentences.forEach((sentence, index) => {
          if (span[0] >= sentence.end || span[1] <= sentence.start) return;
          const whole = span[0] <= sentence.start && span[1] >= sentence.end;
          if (whole || !window.Highlight) {
            if (name === undefined) nodes[index].classList.add(known);
            return;
          }
          const base = unit(sentence.start);
          const range = document.createRange();
          range.setStart(holders[index], unit(Math.max(span[0], sentence.start)) - base);
          range.setEnd(holders[index], unit(Math.min(span[1], sentence.end)) - base);
          ranges.push(range);
        });
      }
      if (!window.Highlight) return;
      if (ranges.length) CSS.highlights.set(known, new Highlight(...ranges));
      else CSS.highlights.delete(known);
    }

    function stopAt(node) {
      nodes[stop].tabIndex = -1;
      stop = Number(node.dataset.index);
      node.tabIndex = 0;
    }

    function focus(index) {
      const node = nodes[Math.min(Math.max(index, 0), nodes.length - 1)];
      if (!node) return;
      stopAt(node);
      node.focus({ preventScroll: true });
      node.scrollIntoView({ block: "center" });
      show(Number(node.dataset.index));
    }

    const sentenceAt = (event) => event.target.closest(".shade-sentence");
    const MOVES = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const listeners = {
      pointerover(event) {
        const node = sentenceAt(event);
        if (node) show(Number(node.dataset.index));
        else if (box.contains(event.target)) clearTimeout(timer);
        else hideSoon();
      },
      pointerleave: hideSoon,
      focusin(event) {
        const node = sentenceAt(event);
        if (!node) return;
        stopAt(node);
        show(Number(node.dataset.index));
      },
      focusout: hideSoon,
      keydown(event) {
        if (event.key === "Escape") hide();
        const node = sentenceAt(event);
        if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
        const index = Number(node.dataset.index);
        const goal = { Home: 0, End: nodes.length - 1 }[event.key] ?? (MOVES[event.key] ? index + MOVES[event.key] : -1);
        if (goal < 0 || goal >= nodes.length) return;
        event.preventDefault();
        focus(goal);
      },
      click(event) {
        const link = event.target.closest("a");
        const index = link ? nodes.findIndex((node) => link.hash === `#${node.id}`) : -1;
        if (index >= 0) setTimeout(() => focus(index)); // after the browser has followed the link
      },
    };
    for (const [name, listen] of Object.entries(listeners)) container.addEventListener(name, listen);

    return {
      focus,
      mark(spans) {
        mark(spans);
        const first = sentences.findIndex((sentence) => spans.some((span) => span[0] < sentence.end && span[1] > sentence.start));
        if (first < 0) return;
        const { top, bottom } = nodes[first].getBoundingClientRect();
        if (top < 0 || bottom > document.documentElement.clientHeight) nodes[first].scrollIntoView({ block: "center" });
      },
      stop() {
        hide();
        mark([]);
        for (const [name, listen] of Object.entries(listeners)) container.removeEventListener(name, listen);
      },
    };
  }

  return Object.assign(shadeArticle, { unitsOf }); // unitsOf: from code points to UTF-16 units, for the page
})();
