import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { delay } from '../../../src/lib/delay.ts';
import { findFreePort } from '../../../src/postgres/embedded-postmaster.ts';
import { runStatement } from '../postgres.ts';

/** A server of the PostgreSQL that Debian has installed, with its pg_dump. */
export interface InstalledPostgres {
  readonly url: string;
  dump(format: string, file: string): void;
  stop(): Promise<void>;
}

const root = '/usr/lib/postgresql';

function binaries(): string | null {
  if (!existsSync(root)) return null;
  const version = readdirSync(root)
    .filter((name) => existsSync(path.join(root, name, 'bin/initdb')))
    .sort((a, b) => Number(b) - Number(a))[0];
  return version === undefined ? null : path.join(root, version, 'bin');
}

/** Why no such server can be started here; null: it can. */
export function installedPostgresFault(): string | null {
  if (process.getuid?.() !== 0) return 'only root can start a server as another user';
  return binaries() === null ? 'no PostgreSQL is installed' : null;
}

export async function startInstalledPostgres(): Promise<InstalledPostgres> {
  const bin = binaries() ?? '';
  const directory = mkdtempSync(path.join(tmpdir(), 'daybook-installed-'));
  chmodSync(directory, 0o777);
  const data = path.join(directory, 'data');
  const asUser = (program: string, ...args: readonly string[]) =>
    ['-u', 'postgres', '--', path.join(bin, program), ...args] as const;
  execFileSync('runuser', asUser('initdb', '-A', 'trust', '-D', data, '-U', 'daybook'));
  const port = await findFreePort();
  const settings = ['-p', String(port), '-k', '', '-h', '127.0.0.1'];
  const server = spawn('runuser', asUser('postgres', '-D', data, ...settings), { stdio: 'ignore' });
  const ended = once(server, 'close');
  const url = `postgres://daybook@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isReady = await runStatement(url, 'select 1').then(
      () => true,
      () => false,
    );
    if (isReady) break;
    await delay(100);
  }
  return {
    url,
    dump(format, file) {
      execFileSync(path.join(bin, 'pg_dump'), ['--format', format, '--file', file, url]);
    },
    async stop() {
      execFileSync('runuser', asUser('pg_ctl', 'stop', '-D', data, '-m', 'immediate'));
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
