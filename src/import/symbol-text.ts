import path from 'node:path';
import { toVisible } from './visible.ts';

const lengthMax = 20;
const allowed = 'A-Z, 0-9, ".", "^", "_" and "-"';

/** Why the API does not accept a text as a symbol; null if it accepts it. */
export function faultOfSymbol(text: string): string | null {
  if (text === '') return 'the symbol is empty';
  const stranger = /[^A-Z0-9.^_-]/u.exec(text)?.[0];
  if (stranger !== undefined && /[a-z]/.test(stranger) && !/[^\w.^-]/.test(text)) {
    return `the symbol has lowercase letters: write ${toVisible(toUpper(text))}`;
  }
  if (stranger !== undefined) {
    return `the symbol has the character ${toVisible(stranger)}: only ${allowed} are allowed`;
  }
  if (!/^[A-Z0-9]/.test(text)) {
    const first = toVisible(text.slice(0, 1));
    return `the symbol begins with ${first}: the first character must be A-Z or 0-9`;
  }
  if (text.length <= lengthMax) return null;
  return `the symbol has ${text.length} characters: at most ${lengthMax} are allowed`;
}

/** A file's name without its extension, in upper case; it may not be a valid symbol. */
export function symbolOfFile(file: string): string {
  return toUpper(path.parse(file).name);
}

/** Changes only a to z: no symbol has other letters, and some become two letters. */
function toUpper(text: string): string {
  return text.replaceAll(/[a-z]+/g, (letters) => letters.toUpperCase());
}
