import { delay } from '../../src/lib/delay.ts';

/**
 * Waits until a condition is true; throws if it is not within the time-out. The error then has what
 * `state` returns.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
  state?: () => unknown,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      const found = state === undefined ? '' : `; ${JSON.stringify(await state())}`;
      throw new Error(`not within ${timeoutMs} ms: ${condition}${found}`);
    }
    await delay(10);
  }
}
