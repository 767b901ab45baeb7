import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { toOneLine } from './errors.ts';

/** The TLS settings in the URL of a database are not valid; the message is one line. */
export class TlsSettingsError extends Error {
  override readonly name = 'TlsSettingsError';
  readonly code = 'BAD_TLS_SETTINGS';
}

/** What the URL says about TLS, and the URL without it. */
interface TlsSettings {
  readonly url: string;
  /** False: the connection is not encrypted. */
  readonly ssl: false | ConnectionOptions;
  /** `direct`: TLS begins without asking the server in plain text. */
  readonly sslnegotiation?: 'direct' | 'postgres';
}

const modes = ['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof modes)[number];

/** `ssl=…`, which pg has in addition to `sslmode`. */
const oldModes: ReadonlyMap<string, Mode> = new Map([
  ['true', 'verify-full'],
  ['1', 'verify-full'],
  ['false', 'disable'],
  ['0', 'disable'],
  ['no-verify', 'no-verify'],
]);

/** The parameters that pg would read, too, and files that it would open for each connection. */
const names = [
  ...['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
  ...['sslnegotiation', 'uselibpqcompat'],
];

/**
 * Reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` of the URL of a database.
 *
 * The modes are those of libpq
 * (https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION), but none is weaker
 * than it looks. `require` without `sslrootcert` is `verify-full` with the certificate authorities
 * that Node.js trusts, as in pg 8; libpq checks nothing then. `prefer` and `allow`, which give up
 * encryption if the server or someone on the way asks for it, are refused. `no-verify` is the mode
 * of pg that encrypts and checks nothing.
 *
 * @throws TlsSettingsError
 */
export function readTlsSettings(url: string): TlsSettings {
  if (!names.some((name) => url.includes(name))) return { url, ssl: false };
  const parsed = new URL(url);
  const { searchParams } = parsed;
  const get = (name: string): string | null => searchParams.get(name) || null;
  const rootCert = get('sslrootcert');
  const mode = readMode(get('sslmode'), get('ssl'), rootCert !== null || get('sslcert') !== null);
  const ssl = mode === 'disable' ? false : { ...verification(mode, rootCert), ...identity(get) };
  const isDirect = ssl !== false && get('sslnegotiation') === 'direct';
  for (const name of names) searchParams.delete(name);
  return { url: parsed.href, ssl, ...(isDirect && { sslnegotiation: 'direct' }) };
}

/** Throws TlsSettingsError if a connection with this URL could not even begin. */
export function assertTlsSettings(url: string): void {
  const { ssl } = readTlsSettings(url);
  if (ssl === false) return;
  try {
    if (typeof ssl.ca === 'string') new X509Certificate(ssl.ca);
    createSecureContext(ssl);
  } catch (cause) {
    throw new TlsSettingsError(`sslrootcert, sslcert or sslkey is not usable: ${toOneLine(cause)}`);
  }
}

/** Whether a connection leaves this machine, and the URL does not say that it is unencrypted. */
export function isUnencryptedByDefault(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  const isLocal =
    host === '' ||
    host === 'localhost' ||
    host === '[::1]' ||
    host.startsWith('/') ||
    (isIP(host) === 4 && host.startsWith('127.'));
  return !isLocal && readTlsSettings(url).ssl === false && !searchParams.has('sslmode');
}

function readMode(mode: string | null, ssl: string | null, hasFiles: boolean): Mode {
  if (mode === null && ssl === null) return hasFiles ? 'verify-full' : 'disable';
  const known =
    modes.find((name) => name === mode) ?? oldModes.get(mode === null ? (ssl ?? '') : '');
  if (known !== undefined) return known;
  if (mode === 'prefer' || mode === 'allow') {
    throw new TlsSettingsError(
      `sslmode=${mode} would also connect without encryption: use verify-full, or disable`,
    );
  }
  const given = mode === null ? `ssl=${ssl}` : `sslmode=${mode}`;
  throw new TlsSettingsError(`${given} is unknown: use one of sslmode=${modes.join(', ')}`);
}

function verification(mode: Mode, rootCert: string | null): ConnectionOptions {
  if (mode === 'no-verify') return { rejectUnauthorized: false };
  if (mode === 'verify-ca' && (rootCert === null || rootCert === 'system')) {
    // Anyone can get a certificate of a public authority for a server with another name.
    throw new TlsSettingsError('sslmode=verify-ca needs sslrootcert=FILE: or use verify-full');
  }
  const ca =
    rootCert === null || rootCert === 'system' ? {} : { ca: readFile('sslrootcert', rootCert) };
  const checksName = mode === 'verify-full' || !('ca' in ca);
  return { ...ca, rejectUnauthorized: true, ...(!checksName && { checkServerIdentity }) };
}

/** The authority of `sslrootcert` vouches for the server, whatever its name is. */
function checkServerIdentity(): undefined {
  return undefined;
}

/** The certificate of the client. */
function identity(get: (name: string) => string | null): ConnectionOptions {
  const [cert, key] = [get('sslcert'), get('sslkey')];
  if (cert === null && key === null) return {};
  if (cert === null || key === null) {
    throw new TlsSettingsError('sslcert and sslkey must be given together');
  }
  return { cert: readFile('sslcert', cert), key: readFile('sslkey', key) };
}

function readFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TlsSettingsError(`${name} ${path} cannot be read: ${toOneLine(cause)}`);
  }
}
