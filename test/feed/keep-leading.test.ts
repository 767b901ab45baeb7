import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepLeading, type LedWork } from '../../src/feed/keep-leading.ts';
import type { NewerProgram } from '../../src/feed/newer-program.ts';
import { LogReplacedError } from '../../src/log/errors.ts';
import type { LeadershipOptions } from '../../src/postgres/leadership.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Starts work whose connection fails with an error at each try. */
function startFailing(error: unknown, { isNewer = false } = {}) {
  const stopping = new AbortController();
  const withConnection = vi.fn(async () => {
    throw error;
  });
  const warn = vi.fn();
  const logged = vi.fn();
  const work = {
    subject: 'the work is',
    fields: { part: 1 },
    newer: { note: () => isNewer } as unknown as NewerProgram,
    faultRetryMs: 5_000,
    run: async () => 0,
    onReplaced: vi.fn(),
    onFault: vi.fn(async () => {}),
    canMove: vi.fn(async () => true),
  } satisfies LedWork;
  const options = {
    database: { withConnection },
    logger: { warn, error: logged },
    signal: stopping.signal,
  } as unknown as LeadershipOptions;
  const running = keepLeading(options, work);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  return { work, withConnection, warn, logged, stop };
}

test('a fault is logged and passed on, and the work is tried again after a long pause', async () => {
  const error = new Error('broken');
  const { work, withConnection, warn, stop } = startFailing(error);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(withConnection).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith({ part: 1, err: error }, 'the work is stopped; trying again');
  expect(work.onFault).toHaveBeenCalledWith(error);
  await vi.advanceTimersByTimeAsync(1);
  expect(withConnection).toHaveBeenCalledTimes(2);
  await stop();
});

test('a replaced log is no fault, and the work is tried again soon', async () => {
  const { work, withConnection, warn, stop } = startFailing(new LogReplacedError());
  await vi.advanceTimersByTimeAsync(500);
  expect(withConnection).toHaveBeenCalledTimes(2);
  expect(work.onReplaced).toHaveBeenCalled();
  expect(warn).not.toHaveBeenCalled();
  expect(work.onFault).not.toHaveBeenCalled();
  await stop();
});

test('work for a newer program waits, and asks once a pause whether it can move', async () => {
  const newer = startFailing(new Error('unknown event'), { isNewer: true });
  const { work, withConnection, logged, stop } = newer;
  work.canMove.mockResolvedValue(false);
  await vi.advanceTimersByTimeAsync(15_000);
  const fields = { part: 1, reason: 'unknown event' };
  expect(logged).toHaveBeenCalledExactlyOnceWith(fields, 'the work is left to a newer program');
  expect(work.canMove).toHaveBeenCalledTimes(3);
  expect(withConnection).toHaveBeenCalledTimes(1);
  work.canMove.mockResolvedValue(true);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(work.canMove).toHaveBeenCalledTimes(4);
  expect(withConnection).toHaveBeenCalledTimes(2);
  await stop();
});

test('the work is tried again when it is unknown whether it can move', async () => {
  const { work, withConnection, stop } = startFailing(new LogReplacedError());
  work.canMove.mockRejectedValue(new Error('unreachable'));
  await vi.advanceTimersByTimeAsync(500);
  expect(withConnection).toHaveBeenCalledTimes(2);
  await stop();
});
