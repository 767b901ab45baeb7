import type { Logger } from '../lib/logger.ts';
import { toOneLine } from '../postgres/errors.ts';
import { restoreLog } from './restore-log.ts';

/** Fetches archived events back in the background, once a reader needs them. */
interface FetchBack {
  /** Begins to fetch them back; returns whether they are being fetched back. */
  start(): boolean;
  stop(): Promise<void>;
}

interface FetchBackOptions {
  readonly url: string;
  /** The directory of the files. */
  readonly directory: string;
  readonly logger: Logger;
}

/** After a failure, the reason is in the log for as long before the next attempt. */
const retryMs = 30_000;

/** One server at a time fetches events back; the others find that it does, or has. */
export function createFetchBack({ url, directory, logger }: FetchBackOptions): FetchBack {
  const stopping = new AbortController();
  const { signal } = stopping;
  let working: Promise<void> | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  async function work(): Promise<void> {
    try {
      const restored = await restoreLog({ url, directory, signal, onProgress() {} });
      logger.info({ directory, restored }, 'archived events were fetched back');
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'BUSY') return;
      failedAt = performance.now();
      logger.error({ directory, reason: toOneLine(error) }, 'events could not be fetched back');
    }
  }
  return {
    start() {
      if (signal.aborted || performance.now() - failedAt < retryMs) return false;
      working ??= work().finally(() => {
        working = null;
      });
      return true;
    },
    async stop() {
      stopping.abort();
      await working;
    },
  };
}
