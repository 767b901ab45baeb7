import { isIP } from 'node:net';
import path from 'node:path';
import { readActorLimits } from './actor-limit-settings.ts';
import type { ActorLimits } from './api/transport/actor-limits.ts';
import type { AuthenticationSettings, JwtSettings } from './api/transport/authentication.ts';
import type { EngineLimits } from './engine.ts';
import type { MasterKeySettings } from './master-keys-file.ts';
import { assertTlsSettings, TlsSettingsError } from './postgres/tls.ts';
import {
  type DocumentSettings,
  readDocumentSettings,
  readEngineSettings,
  readTransportSettings,
  type TransportSettings,
} from './transport-settings.ts';
import type { GetSetting, SettingFault } from './whole-settings.ts';

/** All settings of the program, read once from the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Null if the embedded PostgreSQL in `dataDir` is used. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** The keys that protect personal data. */
  readonly masterKey: MasterKeySettings;
  /** The file of the key that signs heads of the log. */
  readonly signingKeyFile: string;
  /** The file of the signed heads of a ledger; by default, each ledger has one in `dataDir`. */
  readonly headsFile: (ledger: string) => string;
  /** From where archived events are fetched back when they are needed. Null: nowhere. */
  readonly archiveDir: string | null;
  /** The file that configures the bridges. Null: there are none. */
  readonly bridgesFile: string | null;
  /** The file with the only documents that clients may run. Null: they may run any document. */
  readonly trustedDocumentsFile: string | null;
  /** The value of an environment variable that a configuration file names; null if not set. */
  readonly secret: (name: string) => string | null;
  readonly authentication: AuthenticationSettings;
  readonly corsOrigins: readonly string[];
  readonly logLevel: string;
  /** Whether browsers get the page GraphiQL. */
  readonly graphiql: boolean;
  /** Whether clients may ask for the schema. */
  readonly introspection: boolean;
  /** The limits of clients: connections, bytes, times. */
  readonly transport: TransportSettings;
  /** The limits of what waits in the engine. */
  readonly engine: EngineLimits;
  /** The limits of documents: depth, fields, cost. */
  readonly documents: DocumentSettings;
  /** The limits of actors, by their roles. */
  readonly actorLimits: ActorLimits;
}

/** A setting is not valid; the message names it and says what is valid. */
export class ConfigError extends Error {
  readonly code = 'BAD_SETTING';
}

type Environment = Readonly<Record<string, string | undefined>>;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads and checks the settings. An empty one counts as absent. Throws `ConfigError`. */
export function readConfig(environment: Environment = process.env): Config {
  const get: GetSetting = (name) => environment[name]?.trim() || undefined;
  const host = get('HOST') ?? '127.0.0.1';
  const authentication = readAuthentication(get);
  if (authentication === null && !isLoopback(host)) {
    throw new ConfigError(
      `HOST ${host} can be reached from other machines: set DAYBOOK_JWT_SECRET or use 127.0.0.1`,
    );
  }
  const dataDir = path.resolve(get('DAYBOOK_DATA_DIR') ?? '.daybook');
  const headsFile = readPath(get('DAYBOOK_HEADS_FILE'));
  return Object.freeze({
    host,
    port: readPort(get('PORT')),
    databaseUrl: readDatabaseUrl(get),
    dataDir,
    masterKey: readMasterKey(get, dataDir),
    signingKeyFile: path.resolve(
      get('DAYBOOK_SIGNING_KEY_FILE') ?? path.join(dataDir, 'signing-key.pem'),
    ),
    headsFile: (ledger: string) => headsFile ?? path.join(dataDir, `heads-${ledger}.jsonl`),
    archiveDir: readPath(get('DAYBOOK_ARCHIVE_DIR')),
    bridgesFile: readPath(get('DAYBOOK_BRIDGES')),
    trustedDocumentsFile: readPath(get('DAYBOOK_TRUSTED_DOCUMENTS')),
    secret: readSecrets(environment),
    authentication,
    corsOrigins: readOrigins(get('CORS_ORIGINS')),
    logLevel: readLogLevel(get('LOG_LEVEL')),
    graphiql: readFlag('DAYBOOK_GRAPHIQL', get, true),
    introspection: readFlag('DAYBOOK_INTROSPECTION', get, true),
    transport: valid(readTransportSettings(get)),
    engine: valid(readEngineSettings(get)),
    documents: valid(readDocumentSettings(get)),
    actorLimits: valid(readActorLimits(get)),
  });
}

/** By default, the key is beside the folder of the embedded PostgreSQL, not in it. */
function readMasterKey(
  get: (name: string) => string | undefined,
  dataDir: string,
): MasterKeySettings {
  const keys = get('DAYBOOK_MASTER_KEY') ?? null;
  const file = get('DAYBOOK_MASTER_KEY_FILE');
  if (keys !== null && file !== undefined) {
    throw new ConfigError('set only one of DAYBOOK_MASTER_KEY and DAYBOOK_MASTER_KEY_FILE');
  }
  return { keys, file: path.resolve(file ?? path.join(dataDir, 'master-key')) };
}

/**
 * Reads the settings of the demo: by default a separate data directory, never bridges, and no
 * trusted documents, as its traders send their own.
 */
export function readDemoConfig(environment: Environment = process.env): Config {
  const dataDir = environment['DAYBOOK_DATA_DIR']?.trim() || '.daybook-demo';
  return readConfig({
    ...environment,
    DAYBOOK_DATA_DIR: dataDir,
    DAYBOOK_BRIDGES: undefined,
    DAYBOOK_TRUSTED_DOCUMENTS: undefined,
  });
}

/** Reads the settings of commands that connect to a running server, without checks. */
export function readClientConfig(environment: Environment = process.env) {
  return { url: environment['DAYBOOK_URL'], token: environment['DAYBOOK_TOKEN'] };
}

/** Reads secrets by the names of their environment variables. An empty one counts as absent. */
export function readSecrets(environment: Environment = process.env) {
  return (name: string): string | null => environment[name] || null;
}

function readPath(text: string | undefined): string | null {
  return text === undefined ? null : path.resolve(text);
}

function readPort(text = '4000'): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(`PORT ${text} is not a port number: use 0 to 65535`);
}

/** The TLS settings of libpq that are used if the URL does not have them. */
const tlsVariables = [
  ['sslmode', 'PGSSLMODE'],
  ['sslrootcert', 'PGSSLROOTCERT'],
  ['sslcert', 'PGSSLCERT'],
  ['sslkey', 'PGSSLKEY'],
] as const;

function readDatabaseUrl(get: GetSetting): string | null {
  const text = get('DATABASE_URL');
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw new ConfigError(
      'DATABASE_URL is not of the form postgres://user:password@host:5432/name',
    );
  }
  for (const [name, variable] of tlsVariables) {
    const value = get(variable);
    if (value !== undefined && !url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  try {
    assertTlsSettings(url.href);
  } catch (error) {
    if (error instanceof TlsSettingsError) throw new ConfigError(`DATABASE_URL: ${error.message}`);
    throw error;
  }
  return url.href;
}

/** Reads origins in exactly the form in which browsers send them, as they are compared as text. */
function readOrigins(text = ''): readonly string[] {
  const origins = text.split(/[\s,]+/).filter((origin) => origin !== '');
  for (const origin of origins) {
    if (origin.includes('*')) {
      throw new ConfigError(`CORS_ORIGINS ${origin} has a wildcard: list each allowed origin`);
    }
    const url = URL.canParse(origin) ? new URL(origin) : null;
    if (url === null || url.host === '') {
      throw new ConfigError(
        `CORS_ORIGINS ${origin} is not an origin: use the form https://app.example or ` +
          'http://app.example:3000',
      );
    }
    const right = `${url.protocol}//${url.host}`;
    if (origin !== right) {
      throw new ConfigError(`CORS_ORIGINS ${origin} is not an origin: use ${right}`);
    }
  }
  return origins;
}

function readLogLevel(text = 'info'): string {
  if (logLevels.includes(text)) return text;
  throw new ConfigError(`LOG_LEVEL ${text} is not one of ${logLevels.join(', ')}`);
}

function valid<Settings extends object>(settings: Settings | SettingFault): Settings {
  if (!('range' in settings)) return settings;
  const { name, text, range } = settings;
  throw new ConfigError(`${name} ${text} is not a whole number from ${range}`);
}

const secretLengthMin = 32;

function readAuthentication(get: GetSetting): AuthenticationSettings {
  const secret = get('DAYBOOK_JWT_SECRET');
  const publicKey = get('DAYBOOK_JWT_PUBLIC_KEY');
  const jwksFile = get('DAYBOOK_JWT_JWKS_FILE');
  const jwksUrl = readJwksUrl(get('DAYBOOK_JWT_JWKS_URL'));
  const rolesClaim = get('DAYBOOK_JWT_ROLES_CLAIM');
  const issuer = get('DAYBOOK_JWT_ISSUER');
  const audience = get('DAYBOOK_JWT_AUDIENCE');
  const allowsNoExpiry = readFlag('DAYBOOK_JWT_ALLOW_NO_EXPIRY', get, false);
  const claims = {
    ...(issuer && { issuer }),
    ...(audience && { audience }),
    ...(rolesClaim && { rolesClaim }),
    allowsNoExpiry,
  };
  const keys: JwtSettings[] = [
    ...(secret ? [{ secret, ...claims }] : []),
    ...(publicKey ? [{ publicKey, ...claims }] : []),
    ...(jwksFile ? [{ jwksFile, ...claims }] : []),
    ...(jwksUrl ? [{ jwksUrl, ...claims }] : []),
  ];
  if (keys.length > 1) {
    throw new ConfigError(
      'set only one of DAYBOOK_JWT_SECRET, DAYBOOK_JWT_PUBLIC_KEY, DAYBOOK_JWT_JWKS_FILE and ' +
        'DAYBOOK_JWT_JWKS_URL',
    );
  }
  if (secret !== undefined && secret.length < secretLengthMin) {
    throw new ConfigError(`DAYBOOK_JWT_SECRET must have at least ${secretLengthMin} characters`);
  }
  const [jwt] = keys;
  return jwt === undefined ? null : { jwt };
}

/** Keys that anyone on the way could replace would let anyone in. */
function readJwksUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (isSafe) return text;
  throw new ConfigError(
    `DAYBOOK_JWT_JWKS_URL ${text} is not an https URL; http is allowed for this machine only`,
  );
}

function readFlag(name: string, get: GetSetting, isSetByDefault: boolean): boolean {
  const text = get(name) ?? String(isSetByDefault);
  if (text === 'true' || text === 'false') return text === 'true';
  throw new ConfigError(`${name} ${text} is not true or false`);
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
