import { fromEpochMs } from '../lib/date-time.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import type { Executor } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import { readHead } from './head-row.ts';
import { appendHead, HeadsFileError, readLastHead } from './heads-file.ts';
import { type LogHead, type SignedHead, type SigningKey, signHead } from './signed-head.ts';

/** Where heads are signed. */
interface SigningSettings {
  /** The file of the heads of a ledger. */
  readonly headsFile: (ledger: string) => string;
  /** Reads the key, or creates it. */
  readonly readKey: () => Promise<SigningKey>;
}

/** What has been signed by this process. */
export interface SigningState {
  /** The last line; null if there is none yet. */
  readonly line: string | null;
  /** Its sequence; 0 if there is none. */
  readonly sequence: number;
  /** Why the heads cannot be signed now; null if they can. */
  readonly fault: string | null;
}

/** The state of a process that has signed nothing. */
export const unsigned: SigningState = { line: null, sequence: 0, fault: null };

/** Signs the head of the log every so often while the log grows. */
interface Signer {
  state(): SigningState;
  start(): void;
  /** Signs the head a last time. Idempotent. */
  stop(): Promise<void>;
}

interface SignerOptions extends SigningSettings {
  readonly database: Executor;
  readonly logger: Logger;
  readonly times?: SigningTimes;
}

/** How often the head is looked at, and how often it is signed at most. */
interface SigningTimes {
  readonly lookMs: number;
  readonly signMs: number;
}

const usualTimes: SigningTimes = { lookMs: 5_000, signMs: 60_000 };
/** A log that has grown by this number of events is signed without waiting. */
const eventsMax = 10_000;

/**
 * Creates a signer. Faults of the file or the key are logged once, and it tries again. It signs no
 * head of a log that lacks what was signed before in the same epoch.
 */
export function createSigner(options: SignerOptions): Signer {
  const { readKey, database, logger, times = usualTimes } = options;
  const over = new AbortController();
  let state = unsigned;
  let seen: string | null = null;
  let signedMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | null = null;

  async function sign(isLast: boolean): Promise<void> {
    const now = await readHead(database, null);
    const isDue =
      isLast ||
      performance.now() - signedMs >= times.signMs ||
      now.sequence - state.sequence >= eventsMax;
    // A log without a batch has no head, and its first one is signed without waiting.
    if (now.batchAt === null || now.commandsHash === seen || !isDue) return;
    // Another server may have signed meanwhile, and an operator may have moved the file.
    const headsFile = options.headsFile(now.ledger);
    const last = await readLastHead(headsFile, now.ledger);
    const { has, batchAt, ...head } = last === null ? now : await readHead(database, last);
    if (last !== null && !has) {
      reportMissing(last, head.epoch, { headsFile, logger });
    }
    signedMs = performance.now();
    seen = head.commandsHash;
    if (last?.commandsHash === head.commandsHash) state = { ...state, sequence: last.sequence };
    else if (batchAt !== null) await append(headsFile, { ...head, batchAt });
  }

  async function append(headsFile: string, head: LogHead): Promise<void> {
    const line = signHead(head, await readKey(), fromEpochMs(Date.now()));
    await appendHead(headsFile, line);
    state = { ...state, line, sequence: head.sequence };
  }

  async function trySign(isLast: boolean): Promise<void> {
    try {
      await sign(isLast);
      state = { ...state, fault: null };
    } catch (error) {
      const fault = toOneLine(error);
      seen = null;
      if (state.fault === null) logger.error({ err: error }, 'the head of the log is not signed');
      state = { ...state, fault };
    }
  }

  return {
    state: () => state,
    start() {
      running ??= (async () => {
        while (!over.signal.aborted) {
          await trySign(false);
          await delay(times.lookMs, over.signal);
        }
        await trySign(true);
      })();
    },
    async stop() {
      over.abort();
      await running;
    },
  };
}

/** Throws if the log lacks in the same epoch what was signed; otherwise it was restored. */
function reportMissing(
  { sequence, signedAt, epoch }: SignedHead,
  now: number,
  { headsFile, logger }: { readonly headsFile: string; readonly logger: Logger },
): void {
  const reason = `the log lacks what was signed at ${signedAt} for sequence ${sequence}`;
  const advice = `run daybook verify; after a restore, move ${headsFile} away`;
  if (now === epoch) throw new HeadsFileError(`${reason}: ${advice}`);
  logger.error({ headsFile }, `${reason}, in another epoch: ${advice}`);
}
