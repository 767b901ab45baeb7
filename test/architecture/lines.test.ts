import { expect, test } from 'vitest';
import { readFile, readFiles, sources, tests } from './sources.ts';
import { nodesOf, parse } from './syntax.ts';

const charactersMax = 100;

test(`lines of the program have at most ${charactersMax} characters`, () => {
  const functions = readFiles('migrations/functions', '.sql');
  const long = [...sources, ...functions].flatMap(({ name, text }) => longLines(name, text));
  expect(long).toEqual([]);
});

test('lines of tests do too, apart from string literals, which the formatter does not break', () => {
  expect(tests.flatMap(({ name, text }) => longLines(name, withoutTexts(text)))).toEqual([]);
});

test('lines of the documentation do too, apart from tables, code and addresses', () => {
  const documents = [
    ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'].map(readFile),
    ...readFiles('docs', '.md'),
  ];
  const long = documents.flatMap(({ name, text }) =>
    longLines(
      name,
      withoutCode(text)
        .replace(/^\|.*$/gm, '')
        .replace(/\S*:\/\/\S+/g, ''),
    ),
  );
  expect(long).toEqual([]);
});

function longLines(name: string, text: string): readonly string[] {
  return text
    .split('\n')
    .map((line, index) => ({ at: `${name}:${index + 1}`, characters: [...line].length }))
    .filter(({ characters }) => characters > charactersMax)
    .map(({ at, characters }) => `${at} has ${characters}`);
}

/** A test file without its strings, patterns and the text of its templates. Keeps line breaks. */
function withoutTexts(text: string): string {
  let rest = text;
  for (const { type, start, end } of nodesOf(parse(text))) {
    if (type !== 'Literal' && type !== 'TemplateElement') continue;
    const blank = text.slice(start, end).replace(/[^\n]/g, '\0');
    rest = rest.slice(0, start) + blank + rest.slice(end);
  }
  return rest.replaceAll('\0', '');
}

/** A document without its fenced code. Keeps line breaks. */
function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, (block) => block.replace(/[^\n]/g, ''));
}
