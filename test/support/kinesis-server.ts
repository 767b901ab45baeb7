import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const region = 'eu-central-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A record as a consumer reads it. */
export interface ReadRecord {
  readonly key: string;
  readonly id: string;
  readonly sequence: number;
}

/** What the endpoint in front of the server does with a call of PutRecords, counted from 1. */
export type Fault =
  /** Passes the call on without these records, and reports them as failed. */
  | { readonly failed: readonly number[]; readonly code?: string }
  /** Refuses the call as throttled. */
  | 'throttle'
  /** Passes the call on and breaks the connection instead of answering. */
  | 'lose answer'
  | null;

/** `kinesis-local` on the loopback interface, behind an endpoint that can fail. */
export interface KinesisServer {
  /** The endpoint that can fail. */
  readonly endpoint: string;
  readonly region: string;
  /** The partition keys of each call of PutRecords that was passed on. */
  readonly calls: (readonly string[])[];
  fail(fault: (count: number, records: number) => Fault): void;
  createStream(name: string): Promise<void>;
  /** All records, shard after shard, in the order of each shard. */
  read(name: string): Promise<readonly ReadRecord[]>;
  stop(): Promise<void>;
}

/** Makes servers listen on the loopback interface only. */
const loopbackOnly = `
import net from 'node:net';
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (first, ...rest) {
  const port = typeof first === 'object' ? first.port : first;
  const callback = rest.find((value) => typeof value === 'function');
  return listen.call(this, { port, host: '127.0.0.1' }, callback);
};`;

export async function startKinesisServer(): Promise<KinesisServer> {
  const main = createRequire(import.meta.url).resolve('kinesis-local');
  const [port, tlsPort] = [await freePort(), await freePort()];
  const preload = `data:text/javascript,${encodeURIComponent(loopbackOnly)}`;
  const child = spawn(process.execPath, ['--import', preload, main], {
    cwd: path.dirname(main),
    stdio: 'ignore',
    env: {
      KINESIS_MOCK_PLAIN_PORT: String(port),
      KINESIS_MOCK_TLS_PORT: String(tlsPort),
      CREATE_STREAM_DURATION: '1ms',
      ROOT_LOG_LEVEL: 'ERROR',
    },
  });
  const ended = once(child, 'close');
  const endpoint = `http://127.0.0.1:${port}`;
  const requestHandler = new NodeHttpHandler();
  const client = new KinesisClient({ region, credentials, endpoint, requestHandler });
  const front = await startFront(port);
  await until(() => isAnswering(client), 30_000);
  return {
    endpoint: front.endpoint,
    region,
    calls: front.calls,
    fail: front.fail,
    async createStream(name) {
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: 3 }));
      await until(async () => {
        const described = await client.send(new DescribeStreamSummaryCommand({ StreamName: name }));
        return described.StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
      });
    },
    read: (name) => readStream(client, name),
    async stop() {
      client.destroy();
      await front.stop();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function isAnswering(client: KinesisClient): Promise<boolean> {
  const sent = client.send(new ListShardsCommand({ StreamName: 'none' }));
  return sent.then(
    () => true,
    (error: Error) => error.name === 'ResourceNotFoundException',
  );
}

async function readStream(client: KinesisClient, name: string): Promise<readonly ReadRecord[]> {
  const records: ReadRecord[] = [];
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: name }));
  for (const { ShardId } of Shards) {
    const start = { StreamName: name, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let iterator = (await client.send(new GetShardIteratorCommand(start))).ShardIterator;
    while (iterator !== undefined) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const { PartitionKey: key = '', Data } of page.Records ?? []) {
        const { id, sequence } = JSON.parse(Buffer.from(Data ?? []).toString());
        records.push({ key, id, sequence: Number(sequence) });
      }
      iterator = page.Records?.length === 0 ? undefined : page.NextShardIterator;
    }
  }
  return records;
}

async function startFront(port: number) {
  const calls: (readonly string[])[] = [];
  let fault: (count: number, records: number) => Fault = () => null;
  let count = 0;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(incoming);
    const { records, ...call } = toCall(incoming, body);
    count += records.length > 0 ? 1 : 0;
    const found = records.length > 0 ? fault(count, records.length) : null;
    if (found === 'throttle') {
      const type = 'ProvisionedThroughputExceededException';
      answer(response, 400, JSON.stringify({ __type: type, message: 'slow down' }));
      return;
    }
    const isPartial = found !== null && found !== 'lose answer';
    const failed = new Set(isPartial ? found.failed : []);
    const kept = records.filter((_, index) => !failed.has(index));
    if (records.length > 0 && kept.length > 0)
      calls.push(kept.map(({ PartitionKey }) => PartitionKey));
    const passed = failed.size === 0 ? body : JSON.stringify({ ...call, Records: kept });
    const { status, text } =
      records.length > 0 && kept.length === 0
        ? { status: 200, text: '{"Records":[]}' }
        : await forward(port, incoming, passed);
    if (found === 'lose answer') response.destroy();
    else if (!isPartial) answer(response, status, text);
    else answer(response, status, merge(text, records.length, failed, found.code));
  }
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${own}`,
    calls,
    fail(next: typeof fault): void {
      count = 0;
      calls.length = 0;
      fault = next;
    },
    async stop(): Promise<void> {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface PutCall {
  readonly records: readonly { readonly PartitionKey: string }[];
}

function toCall({ headers }: IncomingMessage, body: string): PutCall {
  if (headers['x-amz-target'] !== 'Kinesis_20131202.PutRecords') return { records: [] };
  const { Records: records, ...call } = JSON.parse(body);
  return { ...call, records };
}

/** The answer to a call that was passed on in part. */
function merge(
  text: string,
  total: number,
  failed: ReadonlySet<number>,
  ErrorCode = 'ProvisionedThroughputExceededException',
): string {
  const answered: unknown[] = JSON.parse(text).Records;
  const Records = Array.from({ length: total }, (_, index) =>
    failed.has(index) ? { ErrorCode, ErrorMessage: 'slow down' } : answered.shift(),
  );
  return JSON.stringify({ FailedRecordCount: failed.size, Records });
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(text);
}

async function forward(port: number, { url, headers, method }: IncomingMessage, body: string) {
  const length = String(Buffer.byteLength(body));
  const options = { port, host: '127.0.0.1', path: url, method, agent: false };
  const sent = request({ ...options, headers: { ...headers, 'content-length': length } });
  const [response] = await Promise.all([once(sent.end(body), 'response')]);
  const [message]: IncomingMessage[] = response;
  if (message === undefined) throw new Error('no answer');
  return { status: message.statusCode ?? 500, text: await textOf(message) };
}
