import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphQLSchema } from 'graphql';
import { pino } from 'pino';
import { clientStatementTimeoutMs } from './api/client-reads.ts';
import type { EngineParts } from './api/engine-parts.ts';
import { createRequestContext } from './api/request-context.ts';
import { buildSchema } from './api/schema.ts';
import { createSubmitMutation } from './api/submit-mutation.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './api/transport/server.ts';
import type { TrustedDocuments } from './api/transport/trusted-documents.ts';
import { createFetchBack } from './archive/fetch-back.ts';
import { readBridges } from './bridges-file.ts';
import type { Config } from './config.ts';
import { modules } from './contexts/all.ts';
import { type Engine, startEngine } from './engine.ts';
import { examples } from './examples.ts';
import { connectionsWithin, otherFilesMax, readFileLimit } from './file-limit.ts';
import type { Logger } from './lib/logger.ts';
import { assertImported } from './log/half-imported.ts';
import { readMasterKeys } from './master-keys-file.ts';
import { readLedgerKey } from './personal/key-table.ts';
import type { ConnectionSettings } from './postgres/client-config.ts';
import { assertDatabase, createDatabase, type Database } from './postgres/database.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { migrate } from './postgres/migrate.ts';
import { createOutages, type Outages } from './postgres/outages.ts';
import { isUnencryptedByDefault } from './postgres/tls.ts';
import { createSigner, type SigningState } from './proof/signer.ts';
import { createVerifier } from './proof/verifier.ts';
import { createReadiness } from './readiness.ts';
import { readSigningKey } from './signing-key-file.ts';
import { readTrustedDocuments } from './trusted-documents-file.ts';

/** The addresses of a running program. */
export interface Started {
  readonly url: string;
  /** The display name of its PostgreSQL. */
  readonly database: string;
  /** Whether its PostgreSQL is the embedded one. */
  readonly isOwn: boolean;
}

/** The whole program. */
interface App {
  /** Resolves with the address once the server answers. If it fails, stops what it has started. */
  start(): Promise<Started>;
  /** Finishes running work and stops all parts, in the reverse order of the start. Idempotent. */
  stop(): Promise<void>;
}

/** Wires the program together; it does not run until `start` is called. */
export function buildApp(config: Config): App {
  const outages = createOutages(createLogger(config));
  const { logger } = outages;
  const undo: (() => Promise<void>)[] = [];
  let giveUp = (): void => {};
  let stopping: Promise<void> | null = null;

  async function start() {
    const schema = buildSchema(modules);
    const bridges = await readBridges(config, modules, schema);
    const trustedDocuments = await readTrustedDocuments(config, schema);
    const url = config.databaseUrl ?? (await startOwnPostgres(config, logger, undo));
    if (isUnencryptedByDefault(url)) logger.warn({}, unencrypted);
    const pools = openPools(url, outages, { config, undo });
    const { database, keeper } = pools;
    await assertDatabase(database);
    await migrate(url);
    await assertImported(database);
    const isNew = async () => (await readLedgerKey(database)) === null;
    const masterKeys = await readMasterKeys(config.masterKey, isNew);
    let server: ApiServer | null = null;
    const onReplaced = () => server?.endWatching('the log was restored to an earlier state');
    const createSubmit = (parts: EngineParts) =>
      createSubmitMutation({ schema, engine: parts, logger });
    const engine = await startEngine({
      ...pools,
      ...(bridges && { bridges: { ...bridges, createSubmit } }),
      url,
      contexts: modules.map(({ context }) => context),
      logger,
      limits: config.engine,
      masterKeys,
      ...startBeside(config, { ...pools, url }, { logger, undo }),
      onReplaced,
      onErased: () => server?.forgetTexts(),
    });
    undo.push(engine.stop);
    giveUp = engine.giveUp;
    const ready = createReadiness({ engine, keeper });
    server = await startServer(config, engine, { schema, ready, logger, trustedDocuments });
    undo.push(server.stop);
    const isOwn = config.databaseUrl === null;
    const name = isOwn ? `embedded, in ${config.dataDir}` : new URL(url).host;
    return { url: server.url, database: name, isOwn };
  }

  async function stop(): Promise<void> {
    const patience = setTimeout(giveUp, patienceMs);
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
    clearTimeout(patience);
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

/** Starts what works on the log beside the engine. */
function startBeside(config: Config, connections: ProofConnections, own: Own) {
  const signing = startProof(config, connections, own);
  return { signing, fetchBack: openArchive(config, connections, own) };
}

interface Own {
  readonly logger: Logger;
  readonly undo: (() => Promise<void>)[];
}

/** What fetches archived events back, if there is a directory for it. */
function openArchive(
  { archiveDir: directory }: Config,
  { url }: Pick<ProofConnections, 'url'>,
  { logger, undo }: Own,
): (() => boolean) | undefined {
  if (directory === null) return undefined;
  const fetchBack = createFetchBack({ url, directory, logger });
  undo.push(fetchBack.stop);
  return fetchBack.start;
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

interface ProofConnections {
  readonly url: string;
  readonly database: Database;
  readonly keeper: Database;
}

/** Verifies the log in the background, and signs its heads until all commands are answered. */
function startProof(
  { headsFile, signingKeyFile }: Config,
  { url, database, keeper }: ProofConnections,
  { logger, undo }: Own,
): () => SigningState {
  const readKey = () => readSigningKey(signingKeyFile);
  const signer = createSigner({ database, logger, headsFile, readKey });
  const verifier = createVerifier({ url, database, keeper, logger });
  signer.start();
  verifier.start();
  undo.push(signer.stop, verifier.stop);
  return signer.state;
}

/** How long a stop waits for the database to finish accepted work; compose allows 30 s in total. */
const patienceMs = 5_000;

function createLogger({ logLevel }: Config): Logger {
  const { errWithCause: err } = pino.stdSerializers;
  // The default serializer repeats the message of the cause in the message of the error.
  return pino({ level: logLevel, serializers: { err } }, pino.destination({ fd: 2, sync: true }));
}

/** Connections of the engine itself. */
const engineMax = 4;
/** Connections for appends: the number of batches that can be appended at the same time. */
const writersMax = 2;
/** One connection for the leases, one for the readiness check. */
const keepersMax = 2;
/** A writer that is cut off while it locks the head of the log delays all other writers. */
const writerTimeouts = { idleInTransactionTimeoutMs: 5_000 };
/** A lease that is not renewed within these times is lost. */
const keeperTimeouts = { statementTimeoutMs: 3_000, lockTimeoutMs: 3_000, connectTimeoutMs: 4_000 };

function openDatabase(
  url: string,
  outages: Outages,
  settings: Partial<ConnectionSettings> & { readonly poolMax: number },
): Database {
  return createDatabase({
    url,
    applicationName: 'daybook',
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 30_000,
    idleInTransactionTimeoutMs: 60_000,
    connectTimeoutMs: 10_000,
    log: outages.logger,
    outages,
    ...settings,
  });
}

/** Opens the connections of each kind of work. */
function openPools(
  url: string,
  outages: Outages,
  { config, undo }: { readonly config: Config; readonly undo: (() => Promise<void>)[] },
) {
  const open = (settings: Parameters<typeof openDatabase>[2]): Database => {
    const pool = openDatabase(url, outages, settings);
    undo.push(pool.stop);
    return pool;
  };
  return {
    database: open({ poolMax: engineMax }),
    readers: open({
      poolMax: config.engine.readConnectionsMax,
      statementTimeoutMs: clientStatementTimeoutMs,
    }),
    writer: open({ poolMax: writersMax, ...writerTimeouts }),
    keeper: open({ poolMax: keepersMax, ...keeperTimeouts }),
  };
}

const unencrypted =
  'the connection to the database is not encrypted: set sslmode in DATABASE_URL to verify-full, ' +
  'or to disable if you trust the network';

interface ServerParts {
  readonly schema: GraphQLSchema;
  readonly ready: ApiServerOptions['ready'];
  readonly logger: Logger;
  readonly trustedDocuments: TrustedDocuments | null;
}

function startServer(
  config: Config,
  engine: Engine,
  { schema, ready, logger: log, trustedDocuments }: ServerParts,
): Promise<ApiServer> {
  const { host, port, authentication, corsOrigins, graphiql, introspection } = config;
  return createApiServer({
    limits: { ...config.documents, ...withinFiles(config.transport, log) },
    actorLimits: config.actorLimits,
    host,
    port,
    schema,
    createContext: (init) => createRequestContext(engine, init),
    authentication,
    ready,
    examples,
    log,
    corsOrigins,
    graphiql,
    introspection,
    trustedDocuments,
    renderGraphiQL,
  });
}

/** Refuses connections before the process runs out of files, which would break all its work. */
function withinFiles(settings: Config['transport'], log: Logger): Config['transport'] {
  const fileLimit = readFileLimit();
  const { connectionsMax: configured } = settings;
  const connectionsMax = connectionsWithin(configured, fileLimit);
  if (connectionsMax < configured) {
    const needed = configured + otherFilesMax;
    log.warn(
      { fileLimit, needed, connectionsMax },
      `ulimit -n is ${fileLimit}, so only ${connectionsMax} connections are accepted: ` +
        `raise it to ${needed} or lower DAYBOOK_CONNECTIONS_MAX`,
    );
  }
  return { ...settings, connectionsMax };
}
