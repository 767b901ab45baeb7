/** Encodes an array of numbers as a PostgreSQL literal. */
export function toNumberArray(numbers: readonly number[]): string {
  return `{${numbers.join(',')}}`;
}

/** Encodes an array of texts as a PostgreSQL literal. The encoder of pg takes 4 times as long. */
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
 * Encodes JSON texts as an array of the type json, in the binary format of PostgreSQL
 * (`array_recv`). In a literal the quotes of the texts would have to be escaped, and PostgreSQL
 * would read each character.
 */
export function toJsonArray(texts: readonly (string | null)[]): Buffer {
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
