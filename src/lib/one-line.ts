/** Tags a template whose text is one line, although it is wrapped in the source. */
export function oneLine(strings: TemplateStringsArray, ...values: unknown[]): string {
  const text = strings.reduce((before, after, index) => `${before}${values[index - 1]}${after}`);
  return text.replace(/\s+/g, ' ');
}
