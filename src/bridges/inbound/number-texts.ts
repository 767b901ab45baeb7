/**
 * JSON in which every number is a string with the text of the number, digit by digit. `json` must
 * be valid. `JSON.parse` of the result never makes a number, so no digit of a price is lost.
 *
 * In valid JSON, a digit or a minus sign outside a string begins a number, which ends before the
 * first character that no number has. The reviver of `JSON.parse` gets the texts of numbers only
 * from Node.js 21 on.
 */
export function withNumbersAsText(json: string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < json.length) {
    const char = json.charAt(at);
    if (char === '"') {
      at = endOfString(json, at);
    } else if (isInNumber(char) && char !== 'e' && char !== 'E') {
      const end = endOfNumber(json, at);
      parts.push(json.slice(copied, at), '"', json.slice(at, end), '"');
      copied = end;
      at = end;
    } else {
      // An "e" outside a number is in true, false or null.
      at += 1;
    }
  }
  parts.push(json.slice(copied));
  return parts.join('');
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json.charAt(at) !== '"') at += json.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function endOfNumber(json: string, start: number): number {
  let at = start;
  while (at < json.length && isInNumber(json.charAt(at))) at += 1;
  return at;
}

function isInNumber(char: string): boolean {
  return (char >= '0' && char <= '9') || '-+.eE'.includes(char);
}
