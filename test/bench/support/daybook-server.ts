import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { delay } from '../../../src/lib/delay.ts';
import { daybookFlags, hasEnded } from './worker.ts';

/** A Daybook server, run the way its users run it. */
export interface DaybookServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;

/**
 * Starts a server on a free loopback port and waits until `/health/ready` succeeds. `settings`:
 * environment variables in addition to the usual ones. A server is ready when its views are built.
 */
export async function startDaybookServer(
  databaseUrl: string,
  settings: Readonly<Record<string, string>> = {},
  timeoutMs = startTimeoutMs,
): Promise<DaybookServer> {
  if (!existsSync(main)) throw new Error('dist/main.js is missing: run npm run build');
  const port = await findFreePort();
  const child = spawn(process.execPath, [...daybookFlags, main, 'serve'], {
    cwd: root,
    env: {
      ...inherited(),
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const tail = keepTail(child);
  try {
    await waitUntilReady(child, port, timeoutMs);
  } catch (error) {
    await stop(child);
    throw new Error(`the server did not start: ${tail()}`, { cause: error });
  }
  return { port, pid: child.pid ?? 0, stop: () => stop(child) };
}

/** The environment without Daybook's settings, so that its defaults are measured. */
function inherited(): NodeJS.ProcessEnv {
  const names = Object.entries(process.env).filter(([name]) => !name.startsWith('DAYBOOK_'));
  return Object.fromEntries(names);
}

/** Keeps the last output of the process on stderr, for error messages. */
function keepTail(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4_000);
  });
  return () => text;
}

async function waitUntilReady(child: ChildProcess, port: number, timeoutMs: number) {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (hasEnded(child))
      throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}`);
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null);
    if (response?.ok) return;
    await delay(50);
  }
  throw new Error(`the server was not ready after ${timeoutMs} ms`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(force);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
