/** A template tag that joins text that is wrapped in the source into one line. */
export function oneLine(strings: TemplateStringsArray, ...values: unknown[]): string {
  const text = strings.reduce((before, after, index) => `${before}${values[index - 1]}${after}`);
  return text.replace(/\s+/g, ' ');
}
