import path from 'node:path';

const pattern = /^[A-Z0-9][A-Z0-9.^_-]{0,19}$/;

export const symbolRule = '1 to 20 of A-Z, 0-9, ".", "^", "_", "-", like MSFT';

/** Whether the API takes it for a symbol. */
export function isSymbol(text: string): boolean {
  return pattern.test(text);
}

/**
 * The symbol that a file's name stands for: without its extension, in upper case, with "-" for what
 * a symbol cannot have. Null when that is none; it is not cut, as two files would become one.
 */
export function toSymbol(file: string): string | null {
  const symbol = path
    .parse(file)
    .name.toUpperCase()
    .replaceAll(/[^A-Z0-9.^_-]/gu, '-')
    .replace(/^[^A-Z0-9]+/, '');
  return isSymbol(symbol) ? symbol : null;
}
