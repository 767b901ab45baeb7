const lengthMax = 20;
const pattern = /^[A-Z0-9][A-Z0-9.^_-]{0,19}$/;

/** Whether it can be a symbol. Upper case, so that none is ever taken for the UUID of something. */
export function isSymbol(text: string): boolean {
  return pattern.test(text);
}

/** The rule of symbols that a text breaks, in one line; null: it is a symbol. */
export function symbolFault(text: string): string | null {
  if (isSymbol(text)) return null;
  if (text === '') return `a symbol has 1 to ${lengthMax} characters, like "MSFT"; it is empty`;
  if (text.length > lengthMax) {
    return `a symbol has 1 to ${lengthMax} characters, not ${text.length}`;
  }
  const given = JSON.stringify(text);
  const stranger = [...text].find((character) => !/[A-Za-z0-9.^_-]/.test(character));
  if (stranger !== undefined) {
    const allowed = 'A-Z, 0-9, ".", "^", "_" and "-"';
    return `${given} has ${JSON.stringify(stranger)} in it: a symbol has only ${allowed}`;
  }
  const [first] = text;
  if (!/[A-Za-z0-9]/.test(first ?? '')) {
    return `${given} begins with "${first}": a symbol begins with a letter or a digit`;
  }
  const upper = text.toUpperCase();
  return `${given} is in lower case: a symbol is in upper case, like "${upper}"`;
}
