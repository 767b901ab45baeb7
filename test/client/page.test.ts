import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { readFile, root } from '../architecture/sources.ts';
import { createTestServer } from '../support/server.ts';

const run = promisify(execFile);

/** What a page has that the examples use. */
const setting = `
const items = new Map();
globalThis.localStorage = {
  get length() { return items.size; },
  key: (index) => [...items.keys()][index] ?? null,
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => items.set(key, value),
  removeItem: (key) => items.delete(key),
};
const getToken = async () => 'a token';
`;

/** The examples of the section, as a reader puts them together. */
function examples(): string {
  const { text } = readFile('docs/clients.md');
  const [, section = ''] = text.split('## The Daybook client');
  const blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/^```js\n([\s\S]*?)^```$/gm)];
  return blocks.map(([, block]) => block).join('\n');
}

test('the examples of the Daybook client print what the page says', async () => {
  const server = await createTestServer();
  const project = await mkdtemp(path.join(tmpdir(), 'daybook-page-'));
  try {
    await mkdir(path.join(project, 'node_modules'));
    await symlink(root, path.join(project, 'node_modules/daybook'));
    await symlink(path.join(root, 'node_modules/ws'), path.join(project, 'node_modules/ws'));
    const program = path.join(project, 'page.mjs');
    await writeFile(
      program,
      setting + examples().replace('http://127.0.0.1:4000/graphql', `${server.url}/graphql`),
    );
    const { stdout, stderr } = await run(process.execPath, [program]);
    expect(stdout.split('\n')).toEqual([
      '{',
      "  depositCash: { __typename: 'DepositCashPayload', account: { balance: '100.00' } }",
      '}',
      '100.00 at 2',
      '1 AccountOpened',
      '2 CashDeposited',
      '100.00',
      'BAD_USER_INPUT false',
      '',
    ]);
    expect(stderr).toBe('');
  } finally {
    await rm(project, { recursive: true, force: true });
    await server.dispose();
  }
});
