import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { deadLetterHeaders } from '../src/bridges/inbound/command-source.ts';
import { instrumentsView, lastPricesView } from '../src/contexts/market/views.ts';
import { readVerifySettings } from '../src/verify/settings.ts';
import { verifyStream } from '../src/verify/verify-stream.ts';
import { readFile, root } from './architecture/sources.ts';
import { deposit, startBridgedEngine, untilDelivered } from './support/bridged.ts';
import type { TestEngine } from './support/engines.ts';
import { startInboundEngine } from './support/inbound.ts';
import { startKafkaBroker } from './support/kafka/kafka-broker.ts';
import { noKafka } from './support/kafka/resolve-kafka.ts';
import { startKinesisServer } from './support/kinesis-server.ts';
import { isListening, noNats, startNatsServer } from './support/nats-server.ts';
import { freePort } from './support/ports.ts';
import { createTestDatabase } from './support/postgres.ts';
import { wholeLog } from './support/processing.ts';
import { titleWith } from './support/skipped.ts';
import { until } from './support/until.ts';

const run = promisify(execFile);
const noKcat = spawnSync('kcat', ['-V']).status === 0 ? null : 'kcat is not installed';
const undo: (() => Promise<unknown>)[] = [];

/** The examples are run where they find the packages that they import. */
let directory: string;
beforeEach(async () => {
  const cache = path.join(root, 'node_modules/.cache/daybook');
  await mkdir(cache, { recursive: true });
  directory = await mkdtemp(path.join(cache, 'examples-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
});
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** An example of docs/bridges.md by the words after its fence. */
function example(words: string): string {
  const { text } = readFile('docs/bridges.md');
  const [, code] = new RegExp(`^\`\`\`${words}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/bridges.md has no example ${words}`);
  return code;
}

/** Starts an engine with the bridge of an example, and waits until it has delivered the log. */
async function startExample(json: string, secret?: string): Promise<TestEngine> {
  const { url, dispose } = await createTestDatabase();
  undo.push(dispose);
  const { bridges } = JSON.parse(json);
  const engine = await startBridgedEngine(url, bridges, { secret: () => secret ?? '' });
  undo.push(engine.stop);
  await deposit(engine, 5);
  await untilDelivered(engine);
  return engine;
}

/** Starts the receiver of an example; returns the numbers and types of events that it prints. */
async function startReceiver(
  program: string,
  environment: object = {},
): Promise<() => readonly (readonly string[])[]> {
  const file = path.join(directory, 'receiver.mjs');
  await writeFile(file, program);
  const receiver = spawn(process.execPath, [file], {
    env: Object.assign({}, process.env, environment),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  undo.push(async () => receiver.kill());
  let printed = '';
  receiver.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
  });
  return () =>
    [...printed.matchAll(/^(\d+) (daybook\.\w+)/gm)].map(([, n = '', type = '']) => [n, type]);
}

/** The numbers and types of the events of a log. */
async function headsOf(engine: TestEngine): Promise<readonly (readonly string[])[]> {
  const events = await engine.log.events({}, wholeLog);
  return events.map(({ sequence, type }) => [`${sequence}`, `daybook.${type}`]);
}

async function dataOf(engine: TestEngine): Promise<readonly unknown[]> {
  return (await engine.log.events({}, wholeLog)).map(({ data }) => data);
}

test.skipIf(noNats)(titleWith('the example for NATS works', noNats), async () => {
  const nats = await startNatsServer();
  undo.push(nats.dispose);
  const toOurs = (text: string) => text.replaceAll('127.0.0.1:4222', nats.address);
  const engine = await startExample(toOurs(example('json nats')));
  const [, ...args] = toOurs(example('sh nats')).trim().split(' -- ')[1]?.split(' ') ?? [];
  const lines: string[] = [];
  const code = await verifyStream(readVerifySettings(['verify-stream', ...args]), {
    secret: () => '',
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
    onProgress() {},
  });
  expect(code).toBe(0);
  expect(lines[1]).toMatch(/^DAYBOOK +6 +6 +0 +0 +0 +1 +6$/);
  const received = await startReceiver(toOurs(example('js nats')));
  await until(() => received().length >= 6);
  expect(received()).toEqual(await headsOf(engine));
});

const noKafkaOrKcat = noKafka ?? noKcat;
test.skipIf(noKafkaOrKcat)(
  titleWith('the example for Kafka works', noKafkaOrKcat),
  async () => {
    const broker = await startKafkaBroker();
    undo.push(broker.dispose);
    const toOurs = (text: string) => text.replaceAll('127.0.0.1:9092', broker.address);
    const engine = await startExample(toOurs(example('json kafka')));
    const { stdout } = await run('bash', ['-c', toOurs(example('sh kafka'))]);
    const read = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line.replace(/^\d+ \S+ /, '')));
    // One account is one stream, whose events are in order in one partition.
    expect(read).toEqual(await dataOf(engine));
  },
  300_000,
);

test.skipIf(noKafkaOrKcat)(
  titleWith('the example for commands from Kafka works', noKafkaOrKcat),
  async () => {
    // As the broker of docker-compose.yml does.
    const properties = { 'auto.create.topics.enable': 'true' };
    const broker = await startKafkaBroker({ properties });
    undo.push(broker.dispose);
    const toOurs = (text: string) => text.replaceAll('127.0.0.1:9092', broker.address);
    // The topic of an inbound bridge must exist.
    await run('bash', ['-c', toOurs(example('sh commands'))]);
    const { url, dispose } = await createTestDatabase();
    undo.push(dispose);
    const [entry] = JSON.parse(toOurs(example('json commands'))).inbound;
    const engine = await startInboundEngine(url, entry);
    undo.push(engine.stop);
    await until(async () => (await engine.recorded('AccountOpened')).length === 1, 30_000);
    expect(await engine.recorded('AccountOpened')).toMatchObject([{ actor: 'payments' }]);
  },
  300_000,
);

test('the page names the view of the last price, and one whose documents have another price', () => {
  const text = readFile('docs/bridges.md').text.replaceAll(/\s+/g, ' ');
  const sentence = /`Instrument\.lastPrice` comes from `([^`]+)`.*? documents of `([^`]+)`/;
  const [, ...names] = sentence.exec(text) ?? [];
  expect(names).toEqual([lastPricesView.name, instrumentsView.name]);
});

test('the headers of dead letters that the page names exist', () => {
  const message = { origin: 'a', idempotencyKey: 'a', body: Buffer.alloc(0) };
  const headers = deadLetterHeaders('b', message, { code: 'C', message: 'd' });
  const known = headers.map(([name]) => name);
  const text = readFile('docs/bridges.md').text;
  const named = [...text.matchAll(/`(daybook-(?:reason|code|place|origin|key|bytes))`/g)];
  expect(named.length).toBeGreaterThanOrEqual(3);
  for (const [, name] of named) expect(known).toContain(name);
});

test('the example for Kinesis works', async () => {
  const kinesis = await startKinesisServer();
  undo.push(kinesis.stop);
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  Object.assign(process.env, credentials);
  await kinesis.createStream('daybook');
  const { endpoint } = kinesis;
  const json = JSON.parse(example('json kinesis'));
  Object.assign(json.bridges[0], { endpoint });
  const engine = await startExample(JSON.stringify(json));
  // A local endpoint has no HTTP/2.
  const reader = `import { NodeHttpHandler } from '@smithy/node-http-handler';
    ${example('js kinesis').replace(
      "{ region: 'eu-central-1' }",
      `{ region: 'eu-central-1', endpoint: '${endpoint}', requestHandler: new NodeHttpHandler() }`,
    )}`;
  const file = path.join(directory, 'reader.mjs');
  await writeFile(file, reader);
  const { stdout } = await run(process.execPath, [file]);
  const read = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).data);
  expect(read).toEqual(await dataOf(engine));
}, 60_000);

test('the example for a webhook works', async () => {
  const port = await freePort();
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const program = example('js webhook').replace('listen(9000', `listen(${port}`);
  const received = await startReceiver(program, { HOOK_SECRET: secret });
  await until(() => isListening(port));
  const engine = await startExample(example('json webhook').replace(':9000', `:${port}`), secret);
  await until(() => received().length >= 6);
  expect(received()).toEqual(await headsOf(engine));
});

describe('docker-compose.yml', () => {
  const { services, volumes } = parse(readFile('docker-compose.yml').text);

  test.each(['nats', 'kafka'])('has %s as a profile, on loopback, with a volume', (name) => {
    const service = services[name];
    expect(service.profiles).toEqual([name]);
    expect(service.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+:\d+$/)]);
    expect(volumes).toHaveProperty(service.volumes[0].split(':')[0]);
  });

  test('starts PostgreSQL and the server without a profile', () => {
    const usual = Object.keys(services).filter((name) => services[name].profiles === undefined);
    expect(usual).toEqual(['postgres', 'daybook']);
  });
});
