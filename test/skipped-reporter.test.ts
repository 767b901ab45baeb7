import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './architecture/sources.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-skips-'));
  const reporter = path.join(root, 'test/support/skipped-reporter.ts');
  await writeFile(
    path.join(directory, 'vitest.config.mts'),
    `import { skippedReporter } from ${JSON.stringify(reporter)};
     export default { test: { globals: true, reporters: [skippedReporter()] } };`,
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a file of tests; the exit code, and what was written about skipped tests. */
async function run(text: string, skips: string, ...args: readonly string[]) {
  await writeFile(path.join(directory, 'some.test.js'), text);
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const all = [vitest, 'run', '--root', directory, ...args];
  const env = { ...process.env, DAYBOOK_TEST_SKIPS: skips };
  return new Promise<{ readonly code: unknown; readonly lines: readonly string[] }>((resolve) => {
    execFile(process.execPath, all, { env }, (error, _output, written) => {
      const lines = written.split('\n').filter((line) => line !== '');
      resolve({ code: error?.code ?? 0, lines });
    });
  });
}

// The text of this file must not look as if it had skipped tests.
const [skip, todo] = ['skip', 'todo'];
const passing = "test('passes', () => {});";

test('a skipped test is printed with its title, or with the reason of its group', async () => {
  const text = `describe.${skip}('a server: skipped, none', () => { test('a', () => {}); });
    describe('a group', () => { test.${skip}('plain', () => {}); });
    test('by itself', ({ skip }) => skip());
    test.${todo}('later');`;
  const titles = ['a server: skipped, none', 'a group > plain', 'by itself', 'later'];
  expect(await run(passing + text, '')).toEqual({
    code: 0,
    lines: ['skipped:', ...titles.map((title) => `  some.test.js: ${title}`)],
  });
});

test('where no test may be skipped, a skipped test fails the run, whatever its title', async () => {
  expect(await run(`${passing} test.${skip}('plain', () => {});`, 'fail')).toEqual({
    code: 1,
    lines: ['must not be skipped:', '  some.test.js: plain'],
  });
});

test('a test that needs the history of the repository may be skipped everywhere', async () => {
  const title = 'an earlier commit (skipped: there is no history)';
  expect(await run(`${passing} test.${skip}('${title}', () => {});`, 'fail')).toEqual({
    code: 0,
    lines: ['skipped:', `  some.test.js: ${title}`],
  });
});

test('tests that were not selected by their title do not count as skipped', async () => {
  const text = `${passing} test('other', () => {});`;
  expect(await run(text, 'fail', '-t', 'passes')).toEqual({ code: 0, lines: [] });
});
