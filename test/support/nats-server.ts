import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './ports.ts';
import { until } from './until.ts';

/** Why tests that need a NATS server cannot run here; null if they can. */
export const noNats: string | null =
  spawnSync('nats-server', ['--version']).status === 0
    ? null
    : 'nats-server is not installed (Debian package nats-server)';

/** A real NATS server with JetStream, on a free port of the loopback interface. */
export interface NatsServer {
  readonly port: number;
  readonly address: string;
  readonly process: ChildProcess;
  /** Ends the server as a crash does, or as an operator does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Copies the data; the server must be stopped. */
  keep(): Promise<void>;
  /** Puts the copy back, like a restored backup; the server must be stopped. */
  restore(): Promise<void>;
  dispose(): Promise<void>;
}

/** `lines`: additional lines of the server's configuration. */
export async function startNatsServer(lines: readonly string[] = []): Promise<NatsServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-nats-'));
  const port = await freePort();
  let child: ChildProcess | null = null;

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child === null) return;
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
    child = null;
  }
  const data = path.join(directory, 'data');
  const kept = path.join(directory, 'kept');
  const file = path.join(directory, 'nats.conf');
  await writeFile(
    file,
    ['host: 127.0.0.1', `port: ${port}`, `jetstream { store_dir: "${data}" }`, ...lines].join('\n'),
  );

  async function start(): Promise<void> {
    child = spawn('nats-server', ['-c', file], { stdio: 'ignore' });
    await until(() => isListening(port), 20_000);
  }
  await start();
  return {
    port,
    address: `127.0.0.1:${port}`,
    get process() {
      if (child === null) throw new Error('the NATS server is stopped');
      return child;
    },
    stop,
    start,
    keep: () => cp(data, kept, { recursive: true }),
    async restore() {
      await rm(data, { recursive: true });
      await cp(kept, data, { recursive: true });
    },
    async dispose() {
      await stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Whether a server accepts connections on a port of the loopback interface. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
