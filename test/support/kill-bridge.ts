import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { delay } from '../../src/lib/delay.ts';
import { deposit, startBridgedEngine } from './bridged.ts';

/** How often a test kills a process; `npm run test:faults:long` kills 50 times. */
export const kills = Number(process.env['DAYBOOK_TEST_KILLS'] ?? 3);

interface Killing {
  readonly url: string;
  readonly bridges: readonly object[];
  readonly times: number;
}

/**
 * Kills the process that runs the bridges at random moments, while another process without bridges
 * makes deposits. Returns once the last process has been killed.
 */
export async function killBridges({ url, bridges, times }: Killing): Promise<void> {
  const engine = await startBridgedEngine(url, []);
  let isOver = false;
  const depositing = (async () => {
    while (!isOver) await deposit(engine, 20);
  })();
  try {
    for (let count = 0; count < times; count += 1) {
      const child = await startBridgedChild(url, bridges);
      await delay(Math.random() * 1_500);
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
  } finally {
    isOver = true;
    await depositing;
    await engine.stop();
  }
}

/**
 * Starts a process that runs bridges, and waits until it has started. Every secret has the same
 * value.
 */
export async function startBridgedChild(
  url: string,
  bridges: readonly object[],
  secret = '',
): Promise<ChildProcess> {
  const file = path.join(import.meta.dirname, 'bridged-child.ts');
  const args = ['--import', 'tsx', file, url, JSON.stringify(bridges), secret];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  return child;
}
