import { createRequestContext } from '../../src/api/request-context.ts';
import { type ApiModule, buildSchema } from '../../src/api/schema.ts';
import { createSubmitMutation } from '../../src/api/submit-mutation.ts';
import { createApiServer } from '../../src/api/transport/server.ts';
import { modules as allModules } from '../../src/contexts/all.ts';
import { type Engine, type EngineBridges, startEngine } from '../../src/engine.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { testMasterKeys } from './master-keys.ts';
import { createTestDatabase } from './postgres.ts';
import { silentLogger } from './silent-logger.ts';

export interface TestServerOptions {
  /** Actors are the subjects of tokens signed with it; if omitted, every client is the operator. */
  readonly jwtSecret?: string;
  /** If set, clients read on separate connections with this statement time-out. */
  readonly readTimeoutMs?: number;
  /** The products that the server has. If omitted, those of the program. */
  readonly modules?: readonly ApiModule[];
  /** The master keys, as in DAYBOOK_MASTER_KEY; that of all tests if omitted. */
  readonly masterKey?: string;
  /** The bridges that the server runs; none if omitted. */
  readonly bridges?: Pick<EngineBridges, 'settings' | 'secret'>;
}

export type Answer<Data> = {
  readonly data: Data;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions: { readonly daybook: { readonly sequence: string } };
};

/** The whole server, in this process and on its own database. */
export interface TestServer {
  readonly url: string;
  readonly engine: Engine;
  readonly database: Database;
  readonly databaseUrl: string;
  /** Sends an operation over HTTP; the answer is not checked. */
  send<Data = unknown>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer<Data>>;
  /** Stops the server and starts a new one on the same database. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { url: databaseUrl, database, dispose } = await createTestDatabase();
  let running = await startTestServer(databaseUrl, database, options);
  return {
    get url() {
      return running.url;
    },
    get engine() {
      return running.engine;
    },
    database,
    databaseUrl,
    async send<Data>(query: string, variables = {}, headers = {}) {
      const response = await fetch(`${running.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer<Data>;
    },
    async restart() {
      await running.stop();
      running = await startTestServer(databaseUrl, database, options);
    },
    async dispose() {
      await running.stop();
      await dispose();
    },
  };
}

/** A server on an existing database. */
export async function startTestServer(
  url: string,
  database: Database,
  options: TestServerOptions = {},
) {
  const { jwtSecret, readTimeoutMs, modules = allModules, bridges } = options;
  const contexts = modules.map(({ context }) => context);
  const readers = readTimeoutMs === undefined ? database : openReaders(url, readTimeoutMs);
  const logger = silentLogger;
  const onReplaced = () => server.endWatching('the log was restored to an earlier state');
  const schema = buildSchema(modules);
  const createSubmit: EngineBridges['createSubmit'] = (parts) =>
    createSubmitMutation({ schema, engine: parts, logger });
  const engine = await startEngine({
    database,
    readers,
    url,
    contexts,
    logger,
    masterKeys: testMasterKeys(options.masterKey),
    onReplaced,
    onErased: () => server.forgetTexts(),
    ...(bridges && { bridges: { ...bridges, createSubmit } }),
  });
  const server = await createApiServer({
    host: '127.0.0.1',
    port: 0,
    schema,
    createContext: (init) => createRequestContext(engine, init),
    authentication: jwtSecret === undefined ? null : { jwt: { secret: jwtSecret } },
    ready: async () => ({ ready: engine.views.isReady() }),
    examples: [],
    log: silentLogger,
  });
  return {
    url: server.url,
    engine,
    async stop() {
      await server.stop();
      await engine.stop();
      if (readers !== database) await readers.stop();
    },
  };
}

function openReaders(url: string, statementTimeoutMs: number): Database {
  const applicationName = 'daybook test reads';
  return createDatabase({ url, applicationName, statementTimeoutMs, log: silentLogger });
}
