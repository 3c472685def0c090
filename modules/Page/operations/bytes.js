const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

export const fromBase64 = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));

/** The text that bytes are; null when they are none that people could read. */
export function textOf(bytes) {
  try {
    const text = strictUtf8.decode(bytes);
    return /[^\P{Cc}\t\r\n]/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Bytes as hex dumps show them: offset, values, and the characters that they would be. */
export function hexDump(bytes, perLine) {
  const lines = [];
  for (let offset = 0; offset < bytes.length; offset += perLine) {
    const line = Array.from(bytes.subarray(offset, offset + perLine));
    const values = line.map(byte => byte.toString(16).padStart(2, "0")).join(" ");
    const characters = line.map(byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${offset.toString(16).padStart(4, "0")}  ${values.padEnd(perLine * 3 - 1)}  ${characters}`);
  }
  return lines.join("\n");
}
