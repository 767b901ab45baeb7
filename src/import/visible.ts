const lengthMax = 40;

/** Foreign text for a terminal: quoted, shortened, and nothing in it that a terminal would obey. */
export function toVisible(text: string): string {
  const isLong = text.length > lengthMax;
  return `${JSON.stringify(toPlain(isLong ? text.slice(0, lengthMax) : text))}${isLong ? '…' : ''}`;
}

/** Foreign text on one line, with every control and format character shown as a replacement. */
export function toPlain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '\u{fffd}');
}
