import { expect, test } from 'vitest';
import { readFile, readFiles, sources } from './sources.ts';

/** Words that the project does not use, and what it says instead. */
const retired: readonly (readonly [pattern: string, instead: string])[] = [
  ['who(?:m)?ever', 'a plain subject'],
  ['nobody', 'no client, no command, no process'],
  ['tell|tells|telling|told', 'report, return, send, say'],
  ['anew', 'again'],
  ['mend|mends|mended|mending', 'fix'],
  ['stands? still|stood still', 'is stopped'],
  ['so many', 'N, at least N'],
  ['of (?:its|their|his|your) own', 'own, separate'],
  ['for ever', 'permanently'],
  ['for nothing|in vain', 'without a result, at no cost'],
  ['want of', 'without, lack'],
  ['comes? to|came to|coming to', 'result, total, reach'],
  ['besides', 'also'],
  ['wish|wishes|wished', 'request'],
  ['whatever it takes', 'until it succeeds'],
  ['the one before', 'the previous one'],
  ['what is left of', 'the rest of'],
];

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

test.each(retired)('no file says "%s", but %s', (pattern) => {
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
