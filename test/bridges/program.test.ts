import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { readBridges } from '../../src/bridges-file.ts';
import { readConfig } from '../../src/config.ts';
import { modules } from '../../src/contexts/all.ts';
import { noNats, startNatsServer } from '../support/nats-server.ts';
import { runProgram, startProgram } from '../support/program.ts';
import { titleWith } from '../support/skipped.ts';
import { until } from '../support/until.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-bridges-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function serve(file: string, text: string) {
  const dataDir = path.join(directory, 'data');
  await writeFile(file, text);
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
}, 120_000);

test('names of the file are checked against the products and the environment', async () => {
  const file = path.join(directory, 'bridges.json');
  const filter = { types: ['CashDeposited', 'Paid'], contexts: ['trading'] };
  const bridges = [
    { kind: 'kafka', name: 'k', brokers: ['127.0.0.1:9092'], topic: 't', filter },
    { kind: 'webhook', name: 'h', url: 'https://example.com', secretEnv: 'HOOK_SECRET' },
  ];
  await writeFile(file, JSON.stringify({ bridges }));
  const read = (environment: Readonly<Record<string, string>>) => {
    const config = readConfig({ DAYBOOK_BRIDGES: file, ...environment });
    return readBridges(config, modules, buildSchema(modules));
  };
  await expect(read({})).rejects.toMatchObject({
    faults: [
      `DAYBOOK_BRIDGES ${file}: bridges[0].filter.types[1]: there is no event type Paid`,
      `DAYBOOK_BRIDGES ${file}: bridges[1].secretEnv: ` +
        'the environment variable HOOK_SECRET is not set',
    ],
  });
  await writeFile(file, JSON.stringify({ bridges: bridges.slice(1) }));
  const configured = await read({ HOOK_SECRET: 'whsec_x' });
  expect(configured?.secret('HOOK_SECRET')).toBe('whsec_x');
});

test('a file that cannot be read is a fault, and no file is no bridge', async () => {
  const file = path.join(directory, 'missing.json');
  const read = (config: ReturnType<typeof readConfig>) =>
    readBridges(config, modules, buildSchema(modules));
  await expect(read(readConfig({ DAYBOOK_BRIDGES: file }))).rejects.toMatchObject({
    faults: [expect.stringMatching(/^DAYBOOK_BRIDGES .*missing\.json: cannot be read: ENOENT/)],
  });
  expect(await read(readConfig({}))).toBeNull();
});

test.skipIf(noNats)(
  titleWith('a program with a bridges file fills a stream, which verify-stream reads', noNats),
  async () => {
    const nats = await startNatsServer();
    const file = path.join(directory, 'bridges.json');
    const servers = [nats.address];
    const bridges = [{ kind: 'nats', name: 'nats', servers, stream: 'DAYBOOK' }];
    await writeFile(file, JSON.stringify({ bridges }));
    const program = await startProgram({
      DAYBOOK_BRIDGES: file,
      DAYBOOK_DATA_DIR: path.join(directory, 'data'),
      LOG_LEVEL: 'error',
    });
    try {
      await openAccounts(program.url, 3);
      await until(async () => (await checkpointOf(program.url)) === '3');
    } finally {
      await program.end('SIGTERM');
    }
    const args = ['--kind', 'nats', '--servers', nats.address, '--stream', 'DAYBOOK'];
    const { code, output } = await runProgram(['verify-stream', ...args], {});
    await nats.dispose();
    expect(output).toMatch(/^DAYBOOK +3 +3 +0 +0 +0 +1 +3$/m);
    expect(code).toBe(0);
  },
  120_000,
);

async function send<Data>(url: string, query: string): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { data: Data }).data;
}

async function openAccounts(url: string, count: number): Promise<void> {
  const open = 'mutation { openAccount(input: { owner: "Ada", currency: "EUR" }) { __typename } }';
  for (let n = 0; n < count; n += 1) await send(url, open);
}

async function checkpointOf(url: string): Promise<string | undefined> {
  type Data = { readonly bridges: readonly { readonly checkpoint: string }[] };
  const { bridges } = await send<Data>(url, '{ bridges { checkpoint } }');
  return bridges[0]?.checkpoint;
}
