import { spawn } from 'node:child_process';

/** An account of the operating system. */
export interface SystemAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

interface RunResult {
  /** The exit code; 127 if the program could not be started. */
  readonly code: number;
  /** The end of what it wrote to standard output and standard error, at most 16,384 characters. */
  readonly output: string;
}

/** Runs a program in a directory until it ends. Never throws. */
export type Run = (file: string, args: readonly string[], cwd: string) => Promise<RunResult>;

interface RunOptions {
  readonly cwd?: string;
  readonly account?: SystemAccount;
}

const outputSizeMax = 16_384;

/** Keeps settings of the caller's shell (PGPORT, PGOPTIONS, a locale) away from the server. */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

/** Runs a program until it ends, under another account if one is given. Never throws. */
export function runProgram(
  file: string,
  args: readonly string[],
  { cwd = '/', account }: RunOptions = {},
): Promise<RunResult> {
  const identity = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  return new Promise((resolve) => {
    let output = '';
    const collect = (chunk: string) => {
      output = (output + chunk).slice(-outputSizeMax);
    };
    try {
      const child = spawn(file, args, {
        cwd,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...identity,
      });
      child.stdout.setEncoding('utf8').on('data', collect);
      child.stderr.setEncoding('utf8').on('data', collect);
      child.once('error', (error) => resolve({ code: 127, output: error.message }));
      child.once('close', (code) => resolve({ code: code ?? 1, output: output.trim() }));
    } catch (error) {
      resolve({ code: 127, output: String(error) });
    }
  });
}
