import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { code, sources, tests } from './sources.ts';

const linesMax = 300;
const testLinesMax = 400;

describe('the files', () => {
  test(`have at most ${linesMax} lines, or ${testLinesMax} in tests`, () => {
    const long = [
      ...sources.filter(({ text }) => text.split('\n').length > linesMax + 1),
      ...tests.filter(({ text }) => text.split('\n').length > testLinesMax + 1),
    ];
    expect(long.map(({ name }) => name)).toEqual([]);
  });

  test('have no default export and no enum', () => {
    const patterns = [/^export default/m, /^(?:export )?(?:const )?enum /m];
    const wrong = sources.filter(({ text }) =>
      patterns.some((pattern) => pattern.test(code(text))),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('name the members of objects instead of spreading literals', () => {
    const wrong = [...sources, ...tests].filter(({ text }) => /\.\.\.\s*\{/.test(code(text)));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('are named in kebab-case', () => {
    const wrong = sources.filter(({ name }) => !/^[a-z0-9-]+\.ts$/.test(path.basename(name)));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('contain no note of unfinished work and no skipped test', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|\\.(?:only|skip|todo)\\('].join(''));
    const wrong = [...sources, ...tests].filter(({ text }) => marks.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});
