// One version of an article: the text area with its shading, the reading view, and what was found.

import { copy, decode } from "./files.js";
import { mirror } from "./mirror.js";
import { showResult } from "./result.js";
import { Failure, score } from "./server.js";
import { markAt, marksOf, moved } from "./text.js";
import { DASH, percent } from "./words.js";

const PAUSE = 350; // milliseconds without a key before the text is sent
const ATTEMPTS = 4; // when the server is busy
const KIND_WORDS = { claim: "a claim", generic: "generic", repeat: "a repeat", boilerplate: "boilerplate", heading: "a heading" };

/** Return a pane named `name` ("a" or "b"), built from the template; `tell` is called whenever its record changes. */
export function makePane(name, { tell, announce, limits, onUnauthorised }) {
  const root = document.getElementById("pane").content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  const area = find(".text");
  const surface = find(".surface");
  const reading = find(".reading");
  const draw = mirror(find(".mirror"));
  const pane = {
    name,
    root,
    record: null,
    setText,
    resend: () => edited(0),
    focus: () => area.focus(),
    hasText: () => area.value !== "",
  };
  let marks = []; // of the text in the area, moved along with every edit
  let drawnText = "";
  let scored = null; // the text of the record
  let shaded = null;
  let timer = 0;
  let busy = false;
  let again = false;

  area.id = `text-${name}`;
  area.setAttribute("aria-label", `Article, version ${name.toUpperCase()}`);
  find(".pane-name").textContent = `Version ${name.toUpperCase()}`;
  draw("", []);

  function setText(text) {
    area.value = text;
    area.setSelectionRange(0, 0);
    setView("write");
    edited(0);
    surface.scrollTop = 0;
  }

  function edited(pause) {
    const text = area.value;
    marks = moved(marks, drawnText, text);
    drawnText = text;
    draw(text, marks);
    showCaret();
    markStale();
    clearTimeout(timer);
    say("");
    state(text.trim() === "" ? "" : "…");
    timer = setTimeout(send, pause);
  }

  async function send() {
    const text = area.value;
    if (busy) {
      again = true; // one question at a time; the newest text is next
      return;
    }
    if (text.trim() === "") {
      finish(null, text);
      state("");
      return;
    }
    if (text === scored) {
      markStale();
      state(size());
      return;
    }
    if (tooLarge("The text", new Blob([text]).size)) return;
    busy = true;
    state("scoring…");
    try {
      finish(await patiently(text), text);
      state(size());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      state("");
      if (error.status === 401) onUnauthorised();
      else say(error.message, true);
    } finally {
      busy = false;
      if (again) {
        again = false;
        timer = setTimeout(send, 0);
      }
    }
  }

  async function patiently(text) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await score(text);
      } catch (error) {
        const later = error instanceof Failure && (error.status === 429 || error.status === 503);
        if (!later || attempt === ATTEMPTS) throw error;
        state("the server is busy, waiting…");
        await new Promise((done) => setTimeout(done, 1000 * (error.retryAfter || 1)));
      }
    }
  }

  function finish(record, text) {
    scored = record ? text : null;
    pane.record = record;
    const current = area.value;
    marks = record ? moved(marksOf(text, record.sentences), text, current) : [];
    drawnText = current;
    draw(current, marks);
    showCaret();
    showResult(root, record, onMark);
    markStale();
    if (!reading.hidden) read();
    if (record && text === current) announce(`${root.closest(".two") ? `Version ${name.toUpperCase()}: ` : ""}${record.meaning}`);
    tell(pane);
  }

  // What is shown beside the text is of an earlier one until the answer comes.
  function markStale() {
    const stale = pane.record !== null && scored !== area.value;
    find(".result").classList.toggle("stale", stale);
    find(".result").setAttribute("aria-busy", String(stale));
  }

  function size() {
    if (!pane.record) return "";
    return `${pane.record.words.toLocaleString("en")} word${pane.record.words === 1 ? "" : "s"}`;
  }

  function state(words) {
    find(".pane-state").textContent = words;
  }

  function say(sentence, retry) {
    const alert = find(".alert");
    alert.replaceChildren(sentence);
    if (retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Try again";
      button.addEventListener("click", () => edited(0));
      alert.append(" ", button);
    }
  }

  function setView(view) {
    const toRead = view === "read";
    find(".to-write").setAttribute("aria-pressed", String(!toRead));
    find(".to-read").setAttribute("aria-pressed", String(toRead));
    surface.hidden = toRead;
    reading.hidden = !toRead;
    find(".at-caret").hidden = toRead;
    if (toRead) read();
  }

  function read() {
    if (shaded) shaded.stop();
    shaded = null;
    if (!pane.record) {
      const words = area.value.trim() === "" ? "There is nothing to read yet." : "This text has not been scored yet.";
      reading.replaceChildren(words);
      return;
    }
    shaded = shadeArticle(reading, scored, pane.record.sentences, pane.record.reasons, { prefix: `${name}-` });
  }

  // A reason was chosen: its words are outlined in the reading view.
  function onMark(spans) {
    setView("read");
    if (!shaded) return;
    shaded.mark(spans);
    if (!spans.length) return;
    const index = pane.record.sentences.findIndex((sentence) => sentence.end > spans[0][0]);
    const first = document.getElementById(`${name}-${index + 1}`);
    if (first) first.scrollIntoView({ block: "nearest" });
  }

  function showCaret() {
    const mark = markAt(marks, area.selectionStart);
    const line = find(".at-caret");
    if (!mark) {
      line.textContent = "";
      return;
    }
    const sentence = pane.record && pane.record.sentences[mark.index];
    const likely = typeof mark.filler === "number" ? `, ${percent(mark.filler)} likely filler` : "";
    const again = sentence && typeof sentence.repeats === "number" ? ` of sentence ${sentence.repeats + 1}` : "";
    const why = sentence && sentence.reasons.length ? ` ${DASH} ${sentence.reasons[0].text}` : "";
    line.textContent = `Sentence ${mark.index + 1} is ${KIND_WORDS[mark.kind]}${again}${likely}${why}`;
  }

  function tooLarge(name, bytes) {
    if (!limits.body_bytes || bytes <= limits.body_bytes) return false;
    state("");
    say(`${name} has ${Number((bytes / 1e6).toPrecision(2))} MB and this server takes up to ${limits.body_bytes / 1e6} MB. Give it a part.`);
    return true;
  }

  async function open(file) {
    if (tooLarge(file.name, file.size)) return;
    try {
      setText(decode(await file.arrayBuffer()));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      say(`${file.name} could not be read as text. Open a .txt, .md or .html file, or paste the text.`);
    }
  }

  area.addEventListener("input", (event) => edited(event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop" ? 0 : PAUSE));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setView("read");
      reading.focus();
    }
  });
  for (const kind of ["keyup", "click", "select"]) area.addEventListener(kind, showCaret);
  reading.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      setView("write");
      area.focus();
    }
  });
  find(".to-write").addEventListener("click", () => setView("write"));
  find(".to-read").addEventListener("click", () => setView("read"));
  find(".open").addEventListener("click", () => find(".file").click());
  find(".file").addEventListener("change", (event) => {
    if (event.target.files.length) open(event.target.files[0]);
    event.target.value = "";
  });
  find(".clear").addEventListener("click", () => {
    setText("");
    area.focus();
  });
  find(".copy").addEventListener("click", async () => {
    await copy(JSON.stringify(pane.record, null, 1));
    announce("Copied as JSON.");
    const button = find(".copy");
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy as JSON"), 1600);
  });
  const editor = find(".editor");
  editor.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    editor.classList.add("dropping");
  });
  for (const kind of ["dragleave", "drop"]) editor.addEventListener(kind, () => editor.classList.remove("dropping"));
  editor.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    open(event.dataTransfer.files[0]);
  });
  return pane;
}
