import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { pino } from 'pino';
import { clientConnectionsMax, clientStatementTimeoutMs } from './api/client-reads.ts';
import { createApiContext } from './api/context.ts';

import { buildSchema } from './api/schema.ts';
import { type ApiServer, createApiServer } from './api/transport/server.ts';
import type { Config } from './config.ts';
import { modules } from './contexts/all.ts';
import { type Engine, startEngine } from './engine.ts';
import { examples } from './examples.ts';
import { connectionsWithin, otherFilesMax, readFileLimit } from './file-limit.ts';
import type { Logger } from './lib/logger.ts';
import { assertDatabase, createDatabase, type Database } from './postgres/database.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { migrate } from './postgres/migrate.ts';

/** Where a running program is to be found. */
export interface Started {
  readonly url: string;
  /** What its PostgreSQL is called before people. */
  readonly database: string;
  readonly isOwn: boolean;
}

/** The whole program, not running yet. */
export interface App {
  /** Resolves with the server's address once it answers; what fails undoes what was started. */
  start(): Promise<Started>;
  /** Stops taking, finishes, closes; in the reverse order of starting. May be called again. */
  stop(): Promise<void>;
}

/** All wiring, and nothing else. */
export function buildApp(config: Config): App {
  const logger: Logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
  const undo: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | null = null;

  async function start() {
    const url = config.databaseUrl ?? (await startOwnPostgres(config, logger, undo));
    const database = openDatabase(url, logger, engineMax);
    undo.push(database.stop);
    const readers = openDatabase(url, logger, clientConnectionsMax, clientStatementTimeoutMs);
    undo.push(readers.stop);
    const writer = openDatabase(url, logger, writersMax);
    undo.push(writer.stop);
    await assertDatabase(database);
    await migrate(url);
    const contexts = modules.map(({ context }) => context);
    let server: ApiServer | null = null;
    const onReplaced = () => server?.endWatching('the log was restored to an earlier state');
    const engine = await startEngine({
      ...{ database, writer, readers, url, contexts, logger, onReplaced },
    });
    undo.push(engine.stop);
    server = await startServer(config, engine, logger);
    undo.push(server.stop);
    const isOwn = config.databaseUrl === null;
    const place = isOwn ? `its own in ${config.dataDir}` : new URL(url).host;
    return { url: server.url, database: place, isOwn };
  }

  async function stop(): Promise<void> {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  }

  const app: App = {
    async start() {
      try {
        return await start();
      } catch (error) {
        await app.stop();
        throw error;
      }
    },
    stop() {
      stopping ??= stop().finally(() => {
        stopping = null;
      });
      return stopping;
    },
  };
  return app;
}

async function startOwnPostgres(
  { dataDir }: Config,
  log: Logger,
  undo: (() => Promise<void>)[],
): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  undo.push(postgres.stop);
  return postgres.url;
}

/** Of the engine itself, and of health checks. */
const engineMax = 4;
/** As many batches as are being appended at once. */
const writersMax = 2;

function openDatabase(
  url: string,
  log: Logger,
  poolMax: number,
  statementTimeoutMs = 60_000,
): Database {
  return createDatabase({
    url,
    poolMax,
    applicationName: 'daybook',
    statementTimeoutMs,
    lockTimeoutMs: 30_000,
    idleInTransactionTimeoutMs: 60_000,
    connectTimeoutMs: 10_000,
    log,
  });
}

function startServer(config: Config, engine: Engine, log: Logger): Promise<ApiServer> {
  const { host, port, authentication, corsOrigins } = config;
  return createApiServer({
    limits: withinFiles(config.transport, log),
    host,
    port,
    schema: buildSchema(modules),
    createContext: (init) => createApiContext(engine, init),
    authentication,
    ready: async () => ({
      ...(await toReadiness(engine)),
      sequence: String((await engine.log.head()).sequence),
      views: String(engine.views.checkpoint()),
    }),
    examples,
    log,
    corsOrigins,
    renderGraphiQL,
  });
}

async function toReadiness({ views, upgradeNeeded }: Engine) {
  const reason = await upgradeNeeded();
  return reason === null
    ? { ready: views.isReady() }
    : { ready: false, code: 'UPGRADE_NEEDED', reason };
}

/** Refusing a connection in time is better than running out of files, which breaks everything. */
function withinFiles(settings: Config['transport'], log: Logger): Config['transport'] {
  const fileLimit = readFileLimit();
  const { connectionsMax: wanted } = settings;
  const connectionsMax = connectionsWithin(wanted, fileLimit);
  if (connectionsMax < wanted) {
    log.warn(
      { fileLimit, needed: wanted + otherFilesMax, connectionsMax },
      `ulimit -n is ${fileLimit}, so that only ${connectionsMax} connections are taken: raise it ` +
        `to ${wanted + otherFilesMax} or set DAYBOOK_CONNECTIONS_MAX`,
    );
  }
  return { ...settings, connectionsMax };
}
