// What the page asks of the server. The token is kept in this module alone, until the page is closed.

let token = "";

/** Use `value` as the token from now on. */
export function setToken(value) {
  token = value;
}

/** A request that failed: `message` is a sentence, `status` is 0 when the server was not reached. */
export class Failure extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Return what GET `path` answers. */
export function get(path) {
  return ask(path, {});
}

/** Return the record of `text`, with its sentences and its meaning in words. */
export function score(text) {
  const body = JSON.stringify({ text, sentences: true }); // escapes lone surrogates, which UTF-8 cannot hold
  const headers = { "Content-Type": "application/json" };
  return ask("/v1/score?meaning=true", { method: "POST", body, headers });
}

async function ask(path, options) {
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new Failure(0, "The server does not answer. Is it still running?");
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.ok) return content;
  const sentence = content.error || `the server answered with status ${answer.status}`;
  throw new Failure(answer.status, `${sentence[0].toUpperCase()}${sentence.slice(1)}.`, Number(answer.headers.get("Retry-After")));
}
