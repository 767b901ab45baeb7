const lengthMax = 20;
const pattern = /^[A-Z0-9][A-Z0-9.^_-]{0,19}$/;

/** Whether a text is a valid symbol. It has no lower case, so that no symbol is a UUID. */
export function isSymbol(text: string): boolean {
  return pattern.test(text);
}

/** The error message for a text that is not a valid symbol. Null if it is valid. */
export function symbolFault(text: string): string | null {
  if (isSymbol(text)) return null;
  if (text === '')
    return `a symbol must have 1 to ${lengthMax} characters, like "MSFT"; it is empty`;
  if (text.length > lengthMax) {
    return `a symbol must have 1 to ${lengthMax} characters, not ${text.length}`;
  }
  const given = JSON.stringify(text);
  const invalid = [...text].find((character) => !/[A-Za-z0-9.^_-]/.test(character));
  if (invalid !== undefined) {
    const allowed = 'A-Z, 0-9, ".", "^", "_" and "-"';
    return `${given} contains ${JSON.stringify(invalid)}: a symbol may contain only ${allowed}`;
  }
  const [first] = text;
  if (!/[A-Za-z0-9]/.test(first ?? '')) {
    return `${given} begins with "${first}": a symbol must begin with a letter or a digit`;
  }
  const upper = text.toUpperCase();
  return `${given} is in lower case: a symbol must be in upper case, like "${upper}"`;
}
