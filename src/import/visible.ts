const lengthMax = 40;

/** Untrusted text for a terminal: quoted, shortened and without control characters. */
export function toVisible(text: string): string {
  const isLong = text.length > lengthMax;
  return `${JSON.stringify(toPlain(isLong ? text.slice(0, lengthMax) : text))}${isLong ? '…' : ''}`;
}

/** Untrusted text on one line; each control or format character is shown as U+FFFD. */
export function toPlain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '\u{fffd}');
}
