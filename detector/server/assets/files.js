// What comes in as a file and what goes out to the clipboard.

/** Return the text of a file: UTF-8, UTF-16 with its mark, else Windows-1252. Throws TypeError if it looks binary. */
export function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const wide = bytes.length > 1 && (bytes[0] + 256 * bytes[1] === 0xfeff || 256 * bytes[0] + bytes[1] === 0xfeff);
  if (wide) return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be", { fatal: true }).decode(bytes);
  if (bytes.includes(0)) throw new TypeError("binary");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const controls = bytes.reduce((sum, byte) => sum + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)), 0);
    if (controls > bytes.length / 50) throw new TypeError("binary");
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Put `text` on the clipboard. */
export async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const field = document.createElement("textarea"); // a page that is not from this machine or over TLS
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
