import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A separate process that runs jobs. */
export interface Worker {
  /** Runs one job at a time and returns its result; throws if the job fails or the process ends. */
  call<Result>(job: string, input?: unknown): Promise<Result>;
  /** Ends the process, by force if necessary, and waits for its end. May be called again. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 5_000;

/** The flags of `npm start`: most objects of a command do not outlive it. */
export const daybookFlags: readonly string[] = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

/** Starts a file that calls `answerJobs`: TypeScript with tsx, JavaScript directly. */
export function startWorker(file: URL): Worker {
  const path = fileURLToPath(file);
  const isOurs = path.endsWith('.ts');
  const execArgv = isOurs ? [...daybookFlags, '--import', import.meta.resolve('tsx')] : [];
  const child = fork(path, { execArgv, stdio: ['ignore', 2, 'inherit', 'ipc'] });
  return {
    call: (job, input) => call(child, `${basename(path)} ${job}`, { job, input }),
    async stop() {
      if (hasEnded(child)) return;
      const ended = once(child, 'exit');
      if (child.connected) child.disconnect();
      const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(force);
    },
  };
}

export function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

type Answer<Result> = { readonly result: Result } | { readonly error: string };

function call<Result>(child: ChildProcess, name: string, message: object): Promise<Result> {
  if (!child.connected) throw new Error(`${name}: the process has ended`);
  return new Promise((resolve, reject) => {
    function onExit(code: number | null, signal: string | null): void {
      child.off('message', onMessage);
      reject(new Error(`${name}: the process ended with ${code ?? signal}`));
    }
    function onMessage(answer: unknown): void {
      child.off('exit', onExit);
      const known = answer as Answer<Result>;
      if ('error' in known) reject(new Error(`${name}: ${known.error}`));
      else resolve(known.result);
    }
    child.once('exit', onExit);
    child.once('message', onMessage);
    child.send(message);
  });
}
