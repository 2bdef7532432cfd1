// Positions in a text: offsets of the server count code points, JavaScript counts UTF-16 units (see shade.js).

const { unitsOf } = shadeArticle; // of shade.js, which the page loads first

/** Return the sentences that are shaded, in UTF-16 offsets of `text`. */
export function marksOf(text, sentences) {
  const unit = unitsOf(text);
  return sentences.map((sentence, index) => ({
    start: unit(sentence.start),
    end: unit(sentence.end),
    kind: sentence.kind,
    filler: sentence.filler,
    index,
  }));
}

/** Move `marks` of the text `before` to the text `after`; those that the edit touched are left out. */
export function moved(marks, before, after) {
  if (before === after) return marks;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head += 1;
  let tail = 0;
  while (
    tail < shorter - head &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  ) {
    tail += 1;
  }
  const shift = after.length - before.length;
  const kept = [];
  for (const mark of marks) {
    if (mark.end <= head) kept.push(mark);
    else if (mark.start >= before.length - tail) kept.push({ ...mark, start: mark.start + shift, end: mark.end + shift });
  }
  return kept;
}

/** Return the mark at a UTF-16 offset, undefined where there is none. */
export function markAt(marks, place) {
  let low = 0;
  let high = marks.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (marks[middle].end < place) low = middle + 1;
    else if (marks[middle].start > place) high = middle - 1;
    else return marks[middle];
  }
  return undefined;
}
