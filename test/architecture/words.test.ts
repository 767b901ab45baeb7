import { expect, test } from 'vitest';
import { retiredWords } from './retired-words.ts';
import { readFile, readFiles, sources } from './sources.ts';

/** Texts in which a retired word is right. */
const allowed: readonly string[] = [
  // The account of Unix.
  'else the user nobody',
  "findAccount('nobody')) ?? nobody",
  "const nobody: SystemAccount = { name: 'nobody'",
];

const files = [
  ...sources,
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'schema/schema.graphql'].map(readFile),
  ...readFiles('docs', '.md'),
].map(({ name, text }) => ({ name, text: withoutAllowed(joined(text)) }));

test.each(retiredWords)('no file says "%s", but %s', (pattern) => {
  const words = new RegExp(`\\b(?:${pattern})\\b`, 'gi');
  const found = files.flatMap(({ name, text }) =>
    [...text.matchAll(words)].map(({ index }) => `${name}: ${text.slice(index - 30, index + 40)}`),
  );
  expect(found).toEqual([]);
});

test('every exception is in a file', () => {
  const text = sources.map((source) => joined(source.text)).join(' ');
  expect(allowed.filter((right) => !text.includes(right))).toEqual([]);
});

function withoutAllowed(text: string): string {
  return allowed.reduce((rest, right) => rest.replaceAll(right, ''), text);
}

/** The text on one line, without the marks at the beginning of the lines of a comment. */
function joined(text: string): string {
  return text.replace(/\s*\n\s*(?:\/\/|\*(?!\/)|>)?\s*/g, ' ');
}
