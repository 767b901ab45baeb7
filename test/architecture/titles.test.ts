import { expect, test } from 'vitest';
import { retiredWords } from './retired-words.ts';
import { tests } from './sources.ts';
import { isNode, nameOf, nodesOf, parse, type SyntaxNode } from './syntax.ts';

const charactersMax = 100;

const titles = tests
  .filter(({ name }) => name.endsWith('.test.ts'))
  .flatMap(({ name, text }) => titlesOf(text).map((title) => ({ name, title })));

test(`titles have at most ${charactersMax} characters, with the titles of their groups`, () => {
  const long = titles.filter(({ title }) => [...title].length > charactersMax);
  expect(long.map(({ name, title }) => `${name}: ${title}`)).toEqual([]);
});

test.each(retiredWords)('no title says "%s", but %s', (pattern) => {
  const words = new RegExp(`\\b(?:${pattern})\\b`, 'i');
  const found = titles.filter(({ title }) => words.test(title));
  expect(found.map(({ name, title }) => `${name}: ${title}`)).toEqual([]);
});

test('the titles of tests and groups are found, whatever runs or repeats them', () => {
  const text = `
    describe.each(cases)('a group of %s', () => {
      it('works', () => {});
      test.runIf(isRoot).each([1])(\`counts\`, () => {});
    });
    test.skipIf(isOld)(isOld ? 'is skipped' : 'runs', () => {});
    expect(text).toBe('no title');
  `;
  expect(titlesOf(text)).toEqual([
    'a group of %s',
    'a group of %s works',
    'a group of %s counts',
    'is skipped',
    'runs',
  ]);
});

/** The titles in a test file as written, each after the titles of the groups around it. */
function titlesOf(text: string): readonly string[] {
  const calls = nodesOf(parse(text)).filter(isTestCall);
  const ownTitles = (call: SyntaxNode): readonly string[] =>
    nodesOf((call['arguments'] as readonly SyntaxNode[])[0])
      .filter(({ type, value }) => type === 'TemplateLiteral' || typeof value === 'string')
      .map(({ start, end }) => text.slice(start + 1, end - 1));
  return calls.flatMap((call) => {
    const groups = calls.filter(({ start, end }) => start < call.start && call.end < end);
    const prefix = groups.flatMap(ownTitles);
    return ownTitles(call).map((title) => [...prefix, title].join(' '));
  });
}

/** Whether a node calls `test`, `it`, `describe` or a variant of them with a title. */
function isTestCall({ type, callee, arguments: args }: SyntaxNode): boolean {
  if (type !== 'CallExpression' || (args as readonly SyntaxNode[]).length < 2) return false;
  let called = callee;
  while (isNode(called) && called.type !== 'Identifier') {
    called = called['callee'] ?? called['object'];
  }
  return ['test', 'it', 'describe'].includes(nameOf(called));
}
