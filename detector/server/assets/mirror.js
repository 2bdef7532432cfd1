// The shading under the text area: the same words in the same places, invisible, with the tint of their sentence.
// One block a line, and only lines that changed are drawn again.

/** Return the function that draws `marks` (of `text`, in order, UTF-16 offsets) into `node`. */
export function mirror(node) {
  let drawn = [];

  return function draw(text, marks) {
    const lines = linesOf(text, marks);
    const least = Math.min(lines.length, drawn.length);
    let head = 0;
    while (head < least && lines[head].key === drawn[head].key) head += 1;
    let tail = 0;
    while (tail < least - head && lines[lines.length - 1 - tail].key === drawn[drawn.length - 1 - tail].key) tail += 1;
    for (let index = head; index < drawn.length - tail; index += 1) drawn[index].block.remove();
    const after = tail ? drawn[drawn.length - tail].block : null;
    const fresh = document.createDocumentFragment();
    for (let index = head; index < lines.length - tail; index += 1) fresh.append(build(lines[index]));
    node.insertBefore(fresh, after);
    for (let index = 0; index < head; index += 1) lines[index].block = drawn[index].block;
    for (let index = 1; index <= tail; index += 1) lines[lines.length - index].block = drawn[drawn.length - index].block;
    drawn = lines;
  };
}

function linesOf(text, marks) {
  const lines = [];
  let start = 0;
  let next = 0;
  while (start <= text.length) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    while (next < marks.length && marks[next].end <= start) next += 1;
    const parts = [];
    for (let index = next; index < marks.length && marks[index].start < end; index += 1) {
      const { kind, filler } = marks[index];
      parts.push({ from: Math.max(marks[index].start, start) - start, to: Math.min(marks[index].end, end) - start, kind, filler });
    }
    const line = text.slice(start, end);
    const key = `${parts.map((part) => `${part.from},${part.to},${part.kind},${part.filler}`).join(";")}|${line}`;
    lines.push({ line, parts, key, block: null });
    start = end + 1;
  }
  return lines;
}

function build(entry) {
  const block = document.createElement("div");
  let last = 0;
  for (const part of entry.parts) {
    if (part.kind === "claim" || part.to <= part.from) continue;
    block.append(entry.line.slice(last, part.from));
    const span = document.createElement("span");
    span.className = `shade-sentence shade-${part.kind}`;
    if (typeof part.filler === "number") span.style.setProperty("--filler", part.filler.toFixed(2));
    span.textContent = entry.line.slice(part.from, part.to);
    block.append(span);
    last = part.to;
  }
  const rest = entry.line.slice(last);
  block.append(rest === "" && last === 0 ? document.createElement("br") : rest);
  entry.block = block;
  return block;
}
