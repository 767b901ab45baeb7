import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runProgram } from '../support/program.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-bridges-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function serve(file: string, text?: string) {
  const dataDir = path.join(directory, 'data');
  if (text !== undefined) await writeFile(file, text);
  const { code, output } = await runProgram(['serve'], {
    DAYBOOK_BRIDGES: file,
    DAYBOOK_DATA_DIR: dataDir,
  });
  expect(existsSync(dataDir), 'nothing has started').toBe(false);
  return { code, lines: output.trimEnd().split('\n') };
}

test('faults of the bridges file are printed, one a line, before anything starts', async () => {
  const file = path.join(directory, 'bridges.json');
  const bridges = [
    { kind: 'nats', name: 'nats', servers: ['127.0.0.1:4222'] },
    { kind: 'webhook', name: 'hook', url: 'https://example.com', secretEnv: 'secret' },
  ];
  expect(await serve(file, JSON.stringify({ bridges }))).toEqual({
    code: 1,
    lines: [
      `daybook: DAYBOOK_BRIDGES ${file}: bridges[0].stream: is missing`,
      `daybook: DAYBOOK_BRIDGES ${file}: bridges[1].secretEnv: ` +
        'must be the name of an environment variable',
    ],
  });
});

test('names of the bridges file are checked against the products and the environment', async () => {
  const file = path.join(directory, 'bridges.json');
  const filter = { types: ['CashDeposited', 'Paid'], contexts: ['trading'] };
  const bridges = [
    { kind: 'kafka', name: 'k', brokers: ['127.0.0.1:9092'], topic: 't', filter },
    { kind: 'webhook', name: 'h', url: 'https://example.com', secretEnv: 'HOOK_SECRET' },
  ];
  expect(await serve(file, JSON.stringify({ bridges }))).toEqual({
    code: 1,
    lines: [
      `daybook: DAYBOOK_BRIDGES ${file}: bridges[0].filter.types[1]: there is no event type Paid`,
      `daybook: DAYBOOK_BRIDGES ${file}: bridges[1].secretEnv: ` +
        'the environment variable HOOK_SECRET is not set',
    ],
  });
});

test('a bridges file that cannot be read ends the program', async () => {
  const file = path.join(directory, 'missing.json');
  const { code, lines } = await serve(file);
  expect(code).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(/^daybook: DAYBOOK_BRIDGES .*missing\.json: cannot be read: ENOENT/),
  ]);
});
