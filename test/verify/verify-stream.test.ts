import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signHead } from '../../src/proof/signed-head.ts';
import { readVerifySettings } from '../../src/verify/settings.ts';
import { verifyStream } from '../../src/verify/verify-stream.ts';
import { type NatsServer, noNats, startNatsServer } from '../support/nats-server.ts';
import { runProgram } from '../support/program.ts';
import { newSigningKey } from '../support/proof-log.ts';
import { titleWith } from '../support/skipped.ts';

const ledger = '0190a1b2-0000-7000-8000-000000000001';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-verify-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function verify(...args: readonly string[]) {
  const lines: string[] = [];
  const code = await verifyStream(readVerifySettings(['verify-stream', ...args]), {
    secret: () => '',
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
    onProgress() {},
  });
  return { code, output: lines.map((line) => `${line}\n`).join('') };
}

async function write(name: string, values: readonly object[]): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return file;
}

/** A message as the targets for Kinesis and webhooks send it. */
const structured = (sequence: number, previous = sequence - 1) => ({
  specversion: '1.0',
  ledger,
  sequence: String(sequence),
  previous: String(previous),
  data: {},
});

test('a saved file without a gap is verified', async () => {
  const file = await write(
    'good.jsonl',
    [1, 2, 3, 4].map((sequence) => structured(sequence)),
  );
  const { code, output } = await verify('--kind', 'file', '--file', file);
  expect(output.split('\n')[1]?.replace(file, 'FILE')).toMatch(/^FILE +4 +4 +0 +0 +0 +1 +4$/);
  expect(code).toBe(0);
});

test('signed heads in messages are checked against a public key', async () => {
  const key = newSigningKey();
  const hash = 'a'.repeat(64);
  const batchAt = '2026-01-01 00:00:00+00';
  const head = { ledger, epoch: 1, sequence: 2, hash, batchAt, commandsHash: hash };
  const signedhead = signHead(head, key, '2026-01-01T00:00:01.000000Z');
  const options = ['--kind', 'file', '--file'];
  const file = await write('heads.jsonl', [structured(1), { ...structured(2), signedhead }]);
  const checked = await verify(...options, file, '--public-key', key.publicKey);
  expect(checked.output).toContain('1 heads are signed by the key, up to sequence 2');
  expect(checked.code).toBe(0);
  const other = await verify(...options, file, '--public-key', newSigningKey().publicKey);
  expect(other.output).toContain('line 2, is signed by another key');
  expect(other.code).toBe(1);
});

test('a saved file with a gap fails, and the gap is named', async () => {
  const file = await write('gap.jsonl', [structured(1), structured(2), structured(4)]);
  const { code, output } = await verify('--kind', 'file', '--file', file);
  const fault = 'line 3: event 4 follows event 3, but the last one read was 2';
  expect(output).toContain(`first gap: ${file}, ${fault}\n`);
  expect(code).toBe(1);
});

test('repeated messages fail only if asked for', async () => {
  const file = await write('twice.jsonl', [structured(1), structured(2), structured(2)]);
  expect((await verify('--kind', 'file', '--file', file)).code).toBe(0);
  expect((await verify('--kind', 'file', '--file', file, '--strict')).code).toBe(1);
});

test('records that kcat has printed are checked by partition', async () => {
  const record = (partition: number, offset: number, sequence: number, previous: number) => ({
    topic: 'daybook.events',
    partition,
    offset,
    headers: ['ce_ledger', ledger, 'ce_sequence', `${sequence}`, 'ce_previous', `${previous}`],
    payload: '{}',
  });
  const file = await write('kcat.jsonl', [
    record(0, 0, 1, 0),
    record(1, 0, 2, 0),
    record(0, 1, 3, 1),
    record(1, 1, 6, 5),
  ]);
  const { code, output } = await verify('--kind', 'file', '--file', file);
  expect(output).toMatch(/^daybook.events-0 +2 +2 +0 +0 +0 +1 +3$/m);
  expect(output).toMatch(/^daybook.events-1 +2 +1 +0 +1 +0 +2 +6$/m);
  expect(output).toMatch(/^total +4 +3 +0 +1 +0$/m);
  expect(output).toContain('first gap: daybook.events-1, offset 1: event 6 follows event 5');
  expect(code).toBe(1);
});

test.each<[args: readonly string[], message: string]>([
  [['--kind', 'rabbit'], '--kind must be nats, kafka or file, not rabbit'],
  [['--kind', 'file'], '--file is missing: name the path of a file'],
  [['--kind', 'nats', '--stream', 'S'], '--servers is missing'],
  [['--kind', 'nats', '--servers', '127.0.0.1:1'], '--stream is missing'],
  [['--kind', 'file', '--file', 'x', '--from', 'end'], '--from must be "beginning" or a'],
])('the arguments %j are refused', async (args, message) => {
  await expect(verify(...args)).rejects.toThrow(message);
});

test('a file that does not exist, and a server that does not answer, are errors', async () => {
  const missing = path.join(directory, 'none');
  await expect(verify('--kind', 'file', '--file', missing)).rejects.toThrow('ENOENT');
  const down = verify('--kind', 'nats', '--servers', '127.0.0.1:1', '--stream', 'S');
  await expect(down).rejects.toThrow();
});

test('a check that is stopped while it reads prints what it has read', async () => {
  const lines: string[] = [];
  const args = ['--kind', 'kafka', '--brokers', '127.0.0.1:1', '--topic', 't'];
  const code = await verifyStream(readVerifySettings(['verify-stream', ...args]), {
    secret: () => '',
    signal: AbortSignal.abort(),
    print: (line) => lines.push(line),
    onProgress() {},
  });
  expect(lines.at(-1)).toBe('stopped after 0 messages: the rest is not checked');
  expect(code).toBe(1);
});

test('the command line prints the report, and exits with 1 if there is a gap', async () => {
  const file = await write('gap.jsonl', [structured(1), structured(3)]);
  const run = await runProgram(['verify-stream', '--kind', 'file', '--file', file], {});
  expect(run).toMatchObject({ code: 1, output: expect.stringContaining('first gap: ') });
});

describe.skipIf(noNats)(titleWith('a NATS stream', noNats), () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNatsServer();
  });
  afterAll(() => nats.dispose());

  async function fill(stream: string, count: number, gapAt: number | null = null): Promise<void> {
    const connection = await connect({ servers: nats.address });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
    const client = manager.jetstream();
    const sent = [];
    for (let sequence = 1; sequence <= count; sequence += 1) {
      if (sequence === gapAt) continue;
      const all = headers();
      all.set('ce-ledger', ledger);
      all.set('ce-sequence', String(sequence));
      all.set('ce-previous', String(sequence - 1));
      sent.push(client.publish(`${stream}.x`, 'data', { headers: all }));
    }
    await Promise.all(sent);
    await connection.close();
  }
  const verifyNats = (stream: string) =>
    verify('--kind', 'nats', '--servers', nats.address, '--stream', stream);

  test('is read to its end, over several pages', async () => {
    await fill('GOOD', 2_500);
    const { code, output } = await verifyNats('GOOD');
    expect(output).toMatch(/^GOOD +2500 +2500 +0 +0 +0 +1 +2500$/m);
    expect(code).toBe(0);
  });

  test('with a gap fails, and the gap is named', async () => {
    await fill('GAP', 20, 7);
    const { code, output } = await verifyNats('GAP');
    expect(output).toContain('first gap: GAP, message 7: event 8 follows event 7');
    expect(code).toBe(1);
  });

  test('that is empty has no messages', async () => {
    await fill('EMPTY', 0);
    expect(await verifyNats('EMPTY')).toMatchObject({
      code: 0,
      output: expect.stringContaining('there are no messages'),
    });
  });
});
