import path from 'node:path';
import { toVisible } from './visible.ts';

const lengthMax = 20;
const allowed = 'A-Z, 0-9, ".", "^", "_" and "-"';

/** The rule that a text breaks if the API does not take it for a symbol; null: it does. */
export function faultOfSymbol(text: string): string | null {
  if (text === '') return 'the symbol is empty';
  const stranger = /[^A-Z0-9.^_-]/u.exec(text)?.[0];
  if (stranger !== undefined && /[a-z]/.test(stranger) && !/[^\w.^-]/.test(text)) {
    return `the symbol has lower-case letters: write ${toVisible(toUpper(text))}`;
  }
  if (stranger !== undefined) {
    return `the symbol has the character ${toVisible(stranger)}: only ${allowed} are allowed`;
  }
  if (!/^[A-Z0-9]/.test(text)) {
    const first = toVisible(text.slice(0, 1));
    return `the symbol begins with ${first}: its first character must be A-Z or 0-9`;
  }
  if (text.length <= lengthMax) return null;
  return `the symbol has ${text.length} characters: at most ${lengthMax} are allowed`;
}

/** The symbol that a file's name would be: without its extension, in upper case, nothing else. */
export function symbolOfFile(file: string): string {
  return toUpper(path.parse(file).name);
}

/** Of A to Z only: other letters are in no symbol, and some become two in upper case. */
function toUpper(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
}
