import { EmbeddedPostgresError } from './embedded-error.ts';
import { type Run, runProgram, type SystemAccount } from './embedded-run.ts';

/** What the account must be able to reach: the data, a program, and a file the program reads. */
interface Reach {
  readonly dataDir: string;
  readonly program: string;
  readonly file: string;
}

/**
 * Chooses the account that runs PostgreSQL, which refuses to run as root. Null: the current
 * account. Root uses the owner of the existing data, else the user postgres, which is created if
 * it does not exist, else the user nobody.
 */
export async function chooseAccount(
  dataOwner: SystemAccount | null,
): Promise<SystemAccount | null> {
  if (process.geteuid?.() !== 0) return null;
  if (dataOwner !== null && dataOwner.uid !== 0) return dataOwner;
  const found = await findAccount('postgres');
  if (found !== null) return found;
  const shell = '/usr/sbin/nologin';
  await runProgram('useradd', ['--system', '--no-create-home', '--shell', shell, 'postgres']);
  return (await findAccount('postgres')) ?? (await findAccount('nobody')) ?? nobody;
}

/**
 * Creates a function that runs programs under the account, which can then reach everything it
 * needs. On systems with capabilities, a capability lets it enter directories that are closed to
 * others (a home directory, a temporary directory). Of the three possible ways, the function uses
 * the weakest one that works.
 */
export async function createRun(account: SystemAccount | null, reach: Reach): Promise<Run> {
  if (account === null) return (file, args, cwd) => runProgram(file, args, { cwd });
  const plain: Run = (file, args, cwd) => runProgram(file, args, { cwd, account });
  for (const run of [plain, ...capabilities.map((name) => runWith(account, name))]) {
    const { code } = await run('/bin/sh', ['-c', probe, 'sh', ...probeArguments(reach)], '/');
    if (code === 0) return run;
  }
  const directory = await findUnreachable(plain, reach);
  throw new EmbeddedPostgresError(
    'EMBEDDED_DIRECTORY_UNREACHABLE',
    `PostgreSQL does not run as root, and the user ${account.name} cannot reach ${directory}: ` +
      `run "chmod o+x ${directory}", set DAYBOOK_DATA_DIR to a directory that it can reach, ` +
      'or set DATABASE_URL to your own PostgreSQL server',
  );
}

const nobody: SystemAccount = { name: 'nobody', uid: 65_534, gid: 65_534 };

/**
 * The first allows reading and entering any directory; the second also allows executing any file.
 */
const capabilities = ['dac_read_search', 'dac_override'] as const;

/**
 * Accesses the files for real, because access(2), and therefore `test`, ignores such capabilities.
 */
const probe = 'cd "$1" && cat "$2" >/dev/null && exec "$3" --version';

function probeArguments({ dataDir, program, file }: Reach): readonly string[] {
  return [dataDir, file, program];
}

/** Without `no_setuid_fixup`, access(2), which PostgreSQL uses, would ignore the capability. */
function runWith(account: SystemAccount, capability: string): Run {
  const prefix = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  return (file, args, cwd) => runProgram('setpriv', [...prefix, file, ...args], { cwd });
}

async function findAccount(name: string): Promise<SystemAccount | null> {
  const uid = await runProgram('id', ['-u', name]);
  const gid = await runProgram('id', ['-g', name]);
  if (uid.code !== 0 || gid.code !== 0) return null;
  return { name, uid: Number(uid.output), gid: Number(gid.output) };
}

/** The first directory on the path to the data or the programs that the account cannot enter. */
async function findUnreachable(run: Run, { dataDir, program }: Reach): Promise<string> {
  for (const path of [dataDir, program.slice(0, program.lastIndexOf('/'))]) {
    const parts = path.split('/');
    for (let length = 2; length <= parts.length; length += 1) {
      const directory = parts.slice(0, length).join('/');
      const { code } = await run('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], '/');
      if (code !== 0) return directory;
    }
  }
  return program;
}
