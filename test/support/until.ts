import { delay } from '../../src/lib/delay.ts';

/** Waits until a condition is true; throws if it is not within the time-out. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await delay(10);
  }
}
