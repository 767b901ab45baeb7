import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testMasterKey } from './master-keys.ts';

/** The program in a separate process. */
export interface Program {
  readonly url: string;
  readonly process: ChildProcess;
  output(): string;
  /** Sends a signal and waits for the end; returns the exit code, null if a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const root = path.resolve(import.meta.dirname, '../..');

/** Runs a command of the program to its end. */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = start(args, environment);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

/** Starts a command of the program, which can then be killed. */
export function spawnProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Pick<Program, 'process' | 'output' | 'end'> {
  const child = start(args, environment);
  const output = collect(child);
  const ended = once(child, 'close');
  return {
    process: child,
    output,
    async end(signal) {
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

/**
 * Starts a server on a free port and waits until it is ready; `built` is the directory of another
 * release.
 */
export async function startProgram(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = ['serve'],
  built?: string,
): Promise<Program> {
  // Few enough for the limit of any machine, so that there is no warning.
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-program-'));
  const usual = {
    PORT: '0',
    // Each program has other databases, and so other heads.
    DAYBOOK_HEADS_FILE: path.join(directory, 'heads.jsonl'),
    DAYBOOK_SIGNING_KEY_FILE: path.join(directory, 'signing-key.pem'),
    DAYBOOK_CONNECTIONS_MAX: '500',
    DAYBOOK_MASTER_KEY: testMasterKey,
  };
  const child = start(args, { ...usual, ...environment }, built);
  const output = collect(child);
  const ended = once(child, 'close').finally(() => rm(directory, { recursive: true }));
  const url = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const [, found] = /GraphiQL\s+(\S+)\/graphql/.exec(output()) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', look);
    child.once('close', () => reject(new Error(`ended: ${output()}`)));
  });
  return {
    url,
    process: child,
    output,
    async end(signal) {
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

/** The files of programs that are given no folder for them, such as signed heads. */
const ownDataDir = mkdtempSync(path.join(tmpdir(), 'daybook-programs-'));
process.once('exit', () => rmSync(ownDataDir, { recursive: true, force: true }));
let programCount = 0;

function start(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  built?: string,
): ChildProcess {
  programCount += 1;
  const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const own = { DAYBOOK_DATA_DIR: path.join(ownDataDir, String(programCount)) };
  // As npm start does. Running the sources takes twice as long to start.
  return spawn(process.execPath, ['--enable-source-maps', 'dist/main.js', ...args], {
    cwd: built ?? root,
    env: { ...inherited, ...own, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collect(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return () => output;
}
