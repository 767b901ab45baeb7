import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { readArchivedLines } from './archive/archived-lines.ts';
import type { Config } from './config.ts';
import { ExportError } from './exports/errors.ts';
import { UsageError } from './import/errors.ts';
import { type CopyConnection, withCopyConnection } from './postgres/copy-out.ts';
import { createDatabase, type Executor } from './postgres/database.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { toOneLine } from './postgres/errors.ts';
import { type ChainPosition, toFaultLine } from './proof/chain.ts';
import {
  type CheckState,
  hashOfHeads,
  readCheckState,
  removeCheckState,
  writeCheckState,
} from './proof/check-state.ts';
import { readHead } from './proof/head-row.ts';
import { HeadsFileError, readHeadsFile } from './proof/heads-file.ts';
import { type CheckScreen, createCheckProgress } from './proof/progress.ts';
import { parsePublicKey, type SignedHead } from './proof/signed-head.ts';
import { verifyLog } from './proof/verify-log.ts';
import { findSigningKey, readSigningKey } from './signing-key-file.ts';

/** The options of the command. */
export interface VerifyLogOptions {
  /** The file of signed heads; by default, that of the settings, if it exists. */
  readonly heads?: string;
  /** The public key, or its file; by default, that of the signing key, if it exists. */
  readonly publicKey?: string;
  /** The directory of the archived events; by default, that of the settings, if there is one. */
  readonly archive?: string;
  /** Do not continue an interrupted check. */
  readonly restart?: boolean;
}

interface VerifyLogTerminal {
  readonly print: (line: string) => void;
  readonly screen: CheckScreen;
  readonly signal: AbortSignal;
}

/**
 * Verifies the log of a database, and prints the result in one line. Resolves with the exit code: 0
 * if the log is good, else 1. An interrupted check continues where it was. Throws `UsageError` and
 * the errors of the database.
 */
export async function verifyLogOf(
  config: Config,
  options: VerifyLogOptions,
  terminal: VerifyLogTerminal,
): Promise<0 | 1> {
  const log = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  const { databaseUrl, dataDir } = config;
  const embedded = databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log }) : null;
  const url = databaseUrl ?? embedded?.url ?? '';
  try {
    return await verifyAt(url, config, { options, terminal });
  } catch (error) {
    if (!(error instanceof HeadsFileError || error instanceof ExportError)) throw error;
    terminal.print(error.message);
    return 1;
  } finally {
    await embedded?.stop();
  }
}

/** Prints the public key of the signing key, which is created if there is none. */
export async function publicKeyOf({ signingKeyFile }: Config): Promise<string> {
  return (await readSigningKey(signingKeyFile)).publicKey;
}

interface VerifyLogParts {
  readonly options: VerifyLogOptions;
  readonly terminal: VerifyLogTerminal;
}

const saveMs = 2_000;

async function verifyAt(
  url: string,
  config: Config,
  { options, terminal }: VerifyLogParts,
): Promise<0 | 1> {
  const { print, screen, signal } = terminal;
  const note = (line: string) => screen.write(`${line}\n`);
  const { ledger, heads, stateFile, from } = await prepare(url, config, options);
  if (from !== null) {
    note(`continuing after event ${from.position.sequence}, as verified since ${from.begunAt}`);
  }
  const begunAt = from?.begunAt ?? new Date().toISOString();
  const progress = createCheckProgress(screen);
  let saved = performance.now();
  let unsaved: string | null = null;
  let saving = Promise.resolve();
  const save = (position: ChainPosition) => {
    const state = { ledger, position, heads: hashOfHeads(heads, position), begunAt };
    saving = saving
      .then(() => writeCheckState(stateFile, state))
      .then(
        () => {
          unsaved = null;
        },
        (error: Error) => {
          unsaved = toOneLine(error);
        },
      );
  };
  const directory = options.archive ?? config.archiveDir;
  const { fault, position, unread, archived } = await withArchived(
    url,
    directory,
    signal,
    (lines) =>
      verifyLog({
        url,
        from: from?.position ?? null,
        heads,
        isPart: false,
        signal,
        ...lines,
        onPosition(reached, head) {
          if (performance.now() - saved < saveMs) return;
          saved = performance.now();
          progress.update(reached.sequence, head);
          save(reached);
        },
      }),
  ).finally(() => progress.stop());
  if (signal.aborted) save(position);
  await saving;
  if (signal.aborted) {
    const stopped = `stopped after event ${position.sequence}`;
    const again = 'run the command again to continue';
    if (unsaved === null) print(`${stopped}: ${again}`);
    else
      print(`${stopped}, which cannot be saved: ${unsaved}: ${again} from what was saved before`);
    return 1;
  }
  await removeCheckState(stateFile);
  if (fault !== null) {
    print(toFaultLine(fault));
    return 1;
  }
  note(headsLine(heads));
  const rest = archivedLine({ unread, archived, directory });
  print(`verified ${position.sequence - unread} events${rest}`);
  return 0;
}

type CheckOptions = Parameters<typeof verifyLog>[0];

/** Runs a check that reads the archived events, too, if there is a directory that has them. */
function withArchived<T>(
  url: string,
  directory: string | null,
  signal: AbortSignal,
  check: (lines: Pick<CheckOptions, 'archived'>) => Promise<T>,
): Promise<T> {
  if (directory === null) return check({});
  return withCopyConnection(url, (executor: CopyConnection) =>
    check({
      archived: (ranges, after) =>
        readArchivedLines({ executor, directory, signal }, ranges, after),
    }),
  );
}

interface ArchivedEvents {
  /** The last archived event, and the last of those that were not read. */
  readonly archived: number;
  readonly unread: number;
  readonly directory: string | null;
}

function archivedLine({ archived, unread, directory }: ArchivedEvents): string {
  if (archived === 0) return '';
  if (unread === 0) return `; events 1 to ${archived} of them are archived in ${directory}`;
  return `; events 1 to ${archived} are archived and were not read: give --archive DIR`;
}

/** Reads what a check needs: the signed heads, and the state of an interrupted check. */
async function prepare(url: string, config: Config, options: VerifyLogOptions) {
  const stateFile = path.join(config.dataDir, 'verify-state.json');
  const log = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  const database = createDatabase({ url, applicationName: 'daybook verify', log });
  try {
    const { ledger } = await readHead(database, null);
    const heads = await readHeads(config, options, ledger);
    const state = options.restart === true ? null : await readCheckState(stateFile);
    const from = state !== null && (await isUsable(database, state, heads)) ? state : null;
    return { ledger, heads, stateFile, from };
  } finally {
    await database.stop();
  }
}

/** Whether the log and the heads are still those of the interrupted check. */
async function isUsable(
  executor: Executor,
  { ledger, position, heads }: CheckState,
  found: readonly SignedHead[],
): Promise<boolean> {
  const head = await readHead(executor, position);
  return head.ledger === ledger && head.has && hashOfHeads(found, position) === heads;
}

async function readHeads(
  { headsFile, signingKeyFile }: Config,
  { heads, publicKey }: VerifyLogOptions,
  ledger: string,
): Promise<readonly SignedHead[]> {
  const own = publicKey === undefined ? await findSigningKey(signingKeyFile) : null;
  const key = publicKey === undefined ? own?.publicKey : await readPublicKey(publicKey);
  const trusted = key === undefined ? [] : [key];
  if (heads !== undefined) return readHeadsFile(heads, { ledger, trusted });
  const file = headsFile(ledger);
  const exists = await readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  return exists ? readHeadsFile(file, { ledger, trusted }) : [];
}

/** The public key that is given as text or as the name of a file. */
async function readPublicKey(given: string): Promise<string> {
  try {
    return parsePublicKey(await readFile(given, 'utf8').catch(() => given));
  } catch {
    throw new UsageError(`--public-key ${given} is neither an Ed25519 public key nor its file`);
  }
}

function headsLine(heads: readonly SignedHead[]): string {
  const last = heads.at(-1);
  if (last === undefined) {
    return 'there are no signed heads, so a chain that was built again as a whole is not noticed';
  }
  const keys = [...new Set(heads.map(({ publicKey }) => publicKey))].join(', ');
  return `${heads.length} signed heads agree, up to sequence ${last.sequence}, signed by ${keys}`;
}
