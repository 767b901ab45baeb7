import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { runStatement } from './postgres.ts';
import { silentLogger } from './silent-logger.ts';

const algorithm = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

interface Certificate {
  readonly cert: string;
  readonly private: string;
}

export async function createAuthority(commonName: string): Promise<Certificate> {
  return generate([{ name: 'commonName', value: commonName }], {
    ...algorithm,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

export async function createCertificate(
  authority: Certificate,
  name: string,
  notAfterDate?: Date,
): Promise<Certificate> {
  return generate([{ name: 'commonName', value: name }], {
    ...algorithm,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
  });
}

/** A separate PostgreSQL, with TLS as a test chooses it. */
export interface TlsPostgres {
  /** The URL of a database of the server, with the host `localhost` and other parameters. */
  url(parameters?: Readonly<Record<string, string>>): string;
  /** Writes a file that clients can name in a URL, and returns its path. */
  file(name: string, text: string): Promise<string>;
  /** From now on, the server has this certificate; null: it offers no TLS. */
  use(certificate: Certificate | null): Promise<void>;
  /** Requires each client that uses TLS to have a certificate of this authority. */
  requireClients(authority: Certificate): Promise<void>;
  stop(): Promise<void>;
}

export async function startTlsPostgres(): Promise<TlsPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'daybook-tls-'));
  const server = await startEmbeddedPostgres({ dataDir: directory, log: silentLogger });
  const data = join(directory, 'postgres', 'data');
  const { uid, gid } = await stat(data);

  async function writeData(name: string, text: string): Promise<void> {
    await writeFile(join(data, name), text, { mode: 0o600 });
    await chown(join(data, name), uid, gid);
  }

  /** A new connection sees settings only once the postmaster has read them. */
  async function set(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      await runStatement(server.url, `alter system set ${name} = '${value}'`);
    }
    await runStatement(server.url, 'select pg_reload_conf(), pg_sleep(0.2)');
  }

  return {
    url(parameters = {}) {
      const url = new URL(server.url);
      url.hostname = 'localhost';
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return url.href;
    },
    async file(name, text) {
      const path = join(directory, name);
      await writeFile(path, text);
      return path;
    },
    async use(certificate) {
      if (certificate === null) return set({ ssl: 'off' });
      await writeData('server.crt', certificate.cert);
      await writeData('server.key', certificate.private);
      await set({ ssl: 'on' });
    },
    async requireClients({ cert }) {
      await writeData('clients.crt', cert);
      await writeData(
        'pg_hba.conf',
        'hostssl all all all scram-sha-256 clientcert=verify-ca\nhostnossl all all all scram-sha-256\n',
      );
      await set({ ssl_ca_file: 'clients.crt' });
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
