/** An array of numbers as PostgreSQL reads it. */
export function toNumberArray(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}

/** An array of texts as PostgreSQL reads it: the driver's own takes four times as long. */
export function toTextArray(texts: readonly string[]): string {
  let literal = '{';
  for (const text of texts) {
    literal += literal.length === 1 ? '"' : ',"';
    literal += /["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text;
    literal += '"';
  }
  return `${literal}}`;
}

/**
 * An array of the type json as PostgreSQL receives it, in its binary form (`array_recv`): texts
 * with quotes in them would have to be escaped otherwise, and read character by character.
 */
export function toJsonArray(values: readonly (object | null)[]): Buffer {
  const texts = values.map((value) => (value === null ? null : JSON.stringify(value)));
  const sizes = texts.map((text) => (text === null ? 0 : Buffer.byteLength(text)));
  const total = sizes.reduce((sum, size) => sum + lengthBytes + size, headerBytes);
  const array = Buffer.allocUnsafe(total);
  const dimensions = 1;
  const hasNulls = texts.includes(null) ? 1 : 0;
  let end = 0;
  for (const word of [dimensions, hasNulls, jsonOid, texts.length, lowerBound]) {
    end = array.writeInt32BE(word, end);
  }
  for (const [index, text] of texts.entries()) {
    end = array.writeInt32BE(text === null ? nullLength : (sizes[index] ?? 0), end);
    if (text !== null) end += array.write(text, end);
  }
  return array;
}

const jsonOid = 114;
const lowerBound = 1;
const lengthBytes = 4;
const headerBytes = 5 * lengthBytes;
const nullLength = -1;
