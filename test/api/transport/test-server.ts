import { setTimeout as sleep } from 'node:timers/promises';
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { createSchema } from 'graphql-yoga';
import type { OperationInit } from '../../../src/api/operation-init.ts';
import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
} from '../../../src/api/transport/server.ts';

interface TestContext {
  readonly init: OperationInit;
  extensions(): Record<string, unknown>;
}

/** What a test can observe and control in the resolvers of the test schema. */
export interface Probe {
  /** Frames that the subscription `ticks` has made. */
  produced: number;
  /** Subscriptions whose source has ended. */
  ended: number;
  readonly inits: OperationInit[];
  readonly logged: Record<string, unknown>[];
  /** Lets the queries and mutations named `slow` continue. */
  release(): void;
}

export interface TestServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly url: string;
  readonly probe: Probe;
}

const typeDefs = /* GraphQL */ `
  scalar Decimal
  scalar Plain
  input Point { price: Decimal! points: [Point!] }
  interface Node { id: ID! }
  type Account implements Node {
    id: ID!
    name(style: String, length: Int): String!
    parent: Account!
    accounts(first: Int, after: String, last: Int, before: String): AccountConnection!
    tags: [Account!]!
  }
  type AccountEdge { cursor: String! node: Account! }
  type AccountConnection { edges: [AccountEdge!]! nodes: [Account!]! }
  type Query {
    hello(name: String): String!
    echo(amount: Decimal, plain: Plain, point: Point): String!
    account(id: ID): Account!
    accounts(first: Int, after: String, last: Int, before: String): AccountConnection!
    typed: String
    broken: String
    slow: String!
    actor: String!
  }
  type Mutation { touch: String! slow: String! }
  type Subscription {
    ticks(size: Int = 1, count: Int): String!
    silence: String!
    failing: String!
    broken: String!
    aborted: String!
    deaf: String!
    refused(code: String!): String!
  }
`;

function parseDecimal(value: unknown): string {
  if (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value)) return value;
  throw new GraphQLError('Decimal is a string', { extensions: { code: 'BAD_USER_INPUT' } });
}

const decimal = new GraphQLScalarType({
  name: 'Decimal',
  parseValue: parseDecimal,
  parseLiteral: (node) => parseDecimal(node.kind === Kind.STRING ? node.value : undefined),
});
const plain = new GraphQLScalarType({
  name: 'Plain',
  parseValue() {
    throw new TypeError('Plain is never right');
  },
});

function createTestSchema(probe: Probe, gate: Promise<void>): ApiServerOptions['schema'] {
  const account = { id: '1', name: 'Ada' };
  async function slow(): Promise<string> {
    await gate;
    return 'done';
  }
  async function* ended<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
    try {
      yield* source;
    } finally {
      probe.ended += 1;
    }
  }
  async function* ticks(size: number, count: number): AsyncGenerator<{ ticks: string }> {
    for (let tick = 0; tick < count; tick += 1) {
      probe.produced += 1;
      yield { ticks: 'x'.repeat(size) };
      await sleep(0);
    }
  }
  async function* silence(signal: AbortSignal): AsyncGenerator<{ silence: string }> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    yield* [];
  }
  async function* failing(error: Error): AsyncGenerator<Record<string, string>> {
    yield { failing: 'once', broken: 'once', aborted: 'once' };
    throw error;
  }
  async function* refused(code: string): AsyncGenerator<Record<string, string>> {
    await sleep(10);
    probe.ended += 1;
    yield* [];
    throw new GraphQLError('refused', { extensions: { code } });
  }
  async function* deaf(): AsyncGenerator<{ deaf: string }> {
    await new Promise(() => {});
    yield* [];
  }
  const behind = new GraphQLError('Too far behind', { extensions: { code: 'TOO_FAR_BEHIND' } });
  return createSchema<TestContext>({
    typeDefs,
    resolvers: {
      Decimal: decimal,
      Plain: plain,
      Node: { __resolveType: () => 'Account' },
      Account: {
        parent: () => account,
        tags: () => [account],
        accounts: () => ({ edges: [], nodes: [account] }),
      },
      Query: {
        hello: (_, { name }) => `Hello ${name ?? 'you'}`,
        echo: (_, { amount, point }) => amount ?? point?.price ?? '',
        account: () => account,
        accounts: () => ({ edges: [], nodes: [account] }),
        typed: () => {
          throw new GraphQLError('Known', { extensions: { code: 'KNOWN' } });
        },
        broken: () => {
          throw new Error('secret detail');
        },
        slow,
        actor: (_, _arguments, context) => context.init.actor,
      },
      Mutation: { touch: () => 'ok', slow },
      Subscription: {
        ticks: {
          subscribe: (_, { size, count }) => ended(ticks(size, count ?? Number.POSITIVE_INFINITY)),
        },
        silence: { subscribe: (_, _arguments, { init }) => ended(silence(init.signal)) },
        failing: { subscribe: () => failing(behind) },
        broken: { subscribe: () => failing(new Error('secret detail')) },
        aborted: { subscribe: () => failing(new DOMException('secret', 'AbortError')) },
        deaf: { subscribe: () => deaf() },
        refused: { subscribe: (_root, { code }) => refused(code) },
      },
    },
  });
}

/** A server on a free port that stops when it goes out of scope. */
export async function startServer(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const probe: Probe = { produced: 0, ended: 0, inits: [], logged: [], release };
  const keep = (fields: object): void => {
    probe.logged.push({ ...fields });
  };
  const server = await createApiServer({
    host: '127.0.0.1',
    port: 0,
    schema: createTestSchema(probe, gate),
    createContext(init) {
      probe.inits.push(init);
      return { init, extensions: () => ({ daybook: { sequence: '12' } }) };
    },
    authentication: null,
    ready: async () => ({ ready: true }),
    examples: [{ title: 'Say hello', query: 'query Hello { hello }' }],
    log: { debug() {}, info() {}, warn: keep, error: keep },
    ...options,
  });
  return {
    server,
    url: `${server.url}/graphql`,
    probe,
    async [Symbol.asyncDispose]() {
      release();
      await server.stop();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

/** Posts one request and reads its JSON. */
export async function post(
  url: string,
  request: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: text === '' ? null : JSON.parse(text) };
}
