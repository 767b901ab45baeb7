import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { newUuid } from '../lib/uuid.ts';
import type { Database } from '../postgres/database.ts';
import { withLeadership } from '../postgres/leadership.ts';
import { toFaultLine } from './chain.ts';
import { readVerification, writeVerification } from './verification.ts';
import { verifyLog } from './verify-log.ts';

/** Verifies the log in the background, part by part. */
interface Verifier {
  start(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

interface VerifierOptions {
  readonly url: string;
  readonly database: Database;
  readonly keeper: Database;
  readonly logger: Logger;
  /** How often to look whether a part is due; by default, every 2 s. */
  readonly lookMs?: number;
}

/** After a part, all servers pause for this number of times as long as it took. */
const pauseFactor = 19;
const faultPauseMs = 60_000;
const leaseId = 1;

/**
 * Creates what verifies the log while the server runs: by one server at a time, in parts that take
 * a moment, for at most a twentieth of the time. At the end of the log it goes on with what is
 * appended, and each day it begins again. A fault is logged when it is found, and its part is
 * checked again every minute.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { database, keeper, logger, lookMs = 2_000 } = options;
  const over = new AbortController();
  const { signal } = over;
  const holder = newUuid();
  let reported: string | null = null;
  let running: Promise<void> | null = null;

  async function verifyNext(): Promise<void> {
    const { position, isAtEnd, isOld, isDue, fault: known } = await readVerification(database);
    if (!isDue || (isAtEnd && !isOld && known === null)) return;
    const kind = 'daybook.verification';
    await withLeadership(
      { database, keeper, kind, holder, logger, signal },
      async (executor, led) => {
        if (!(await led.take([leaseId])).has(leaseId)) return;
        const isFirst = position === null || (isAtEnd && isOld);
        const startedAt = performance.now();
        const check = await verifyLog({
          url: options.url,
          from: isFirst ? null : position,
          heads: [],
          isPart: true,
          signal: led.signal,
          onPosition() {},
        });
        if (led.signal.aborted) return;
        const fault = check.fault === null ? null : toFaultLine(check.fault);
        const busyMs = performance.now() - startedAt;
        const pauseMs = fault === null ? busyMs * pauseFactor : faultPauseMs;
        await writeVerification(executor, { position: check.position, fault, pauseMs, isFirst });
        report(fault);
      },
    );
  }

  function report(fault: string | null): void {
    if (fault !== null && fault !== reported) {
      logger.error({ fault }, 'the log is not as it was recorded: run daybook verify');
    }
    reported = fault;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await delay(lookMs, signal);
      if (signal.aborted) return;
      await verifyNext().catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ err: error }, 'the log is not being verified');
      });
    }
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      over.abort();
      await running;
    },
  };
}
