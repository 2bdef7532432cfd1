// Numbers as people say them.

export const DASH = "—";

export const LABELS = {
  filler: "Filler",
  unclear: "Unclear",
  substantive: "Substantive",
  too_short: "Too short to judge",
  not_english: "Not English",
  error: "Not scored",
};

export const KINDS = ["claim", "generic", "repeat", "boilerplate", "heading"];
const PLURALS = { claim: "claims", generic: "generic", repeat: "repeats", boilerplate: "boilerplate", heading: "headings" };

/** Return a share or a chance of 0 to 1 as a whole percentage. */
export function percent(value) {
  if (typeof value !== "number") return DASH;
  const whole = Math.round(100 * value);
  if (whole === 0 && value > 0) return "under 1 %";
  if (whole === 100 && value < 1) return "over 99 %";
  return `${whole} %`;
}

/** Return a measured rate as a percentage, with a digit more where it is small. */
export function rate(value) {
  return `${(100 * value).toFixed(value > 0 && value < 0.0995 ? 1 : 0)} %`;
}

/** Return a number to two places. */
export function decimal(value) {
  return typeof value === "number" ? value.toFixed(2) : DASH;
}

/** Return how many sentences there are of each kind, those with none left out. */
export function countKinds(sentences) {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const sentence of sentences) counts[sentence.kind] += 1;
  return counts;
}

/** Return the counts of kinds in words. */
export function kindWords(counts) {
  const parts = KINDS.filter((kind) => counts[kind]).map((kind) => {
    const name = counts[kind] === 1 ? kind : PLURALS[kind];
    return `${counts[kind].toLocaleString("en")} ${name}`;
  });
  return parts.join(", ");
}

/** Return how many prose sentences add nothing new, and how many there are. */
export function addNothing(sentences) {
  const counts = countKinds(sentences);
  return [counts.generic + counts.repeat, counts.generic + counts.repeat + counts.claim];
}

/** Make an element with a class and a text. */
export function make(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}
