import { createApiClient } from '../import/api-client.ts';
import { InterruptedError } from '../import/errors.ts';
import { assertOwnLog } from './assert-own-log.ts';
import { createPacer } from './pacer.ts';
import { reportStatus } from './report-status.ts';
import { setUp } from './set-up.ts';
import type { DemoSettings } from './settings.ts';
import { createStatusDisplay, type Terminal } from './status-display.ts';
import { refusalsLine } from './status-line.ts';
import { createTally } from './tally.ts';
import { runMarket } from './trade.ts';
import { createTradingApi } from './trading-api.ts';

export interface DemoOptions extends DemoSettings {
  /** The GraphQL API. */
  readonly url: string;
  /** Sent as a bearer token; null if no token is sent. */
  readonly token: string | null;
  /** The display name of the server's database, for the error if it has other data. */
  readonly database: string;
  readonly terminal: Terminal;
  /** Called when the set-up is complete and trading begins. */
  readonly ready: () => void;
  /** Ends the demo; requests that have been sent are finished. */
  readonly signal: AbortSignal;
}

/**
 * Simulates a market in a running server, as a client of its API, until the signal fires.
 *
 * Throws `OtherDataError` before anything is recorded, `SetUpError` if the set-up fails, and
 * `ServerError` if the server cannot be reached at first. Later it waits for the server.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { url, token, seed, ratePerSecond, signal } = options;
  const client = createApiClient({ url, token, signal });
  try {
    if (!options.isAmongOtherData) await assertOwnLog(client, options.database);
    const stocks = await setUp(client, signal);
    options.ready();
    // While trading, an unreachable server is reported at once; `runMarket` then waits for it.
    const impatient = createApiClient({ url, token, signal, attemptsMax: 2, pauseMs: 100 });
    const display = createStatusDisplay(options.terminal);
    const tally = createTally();
    const ended = new AbortController();
    const status = reportStatus(impatient, tally.read, { display, signal: ended.signal });
    try {
      await runMarket({
        seed,
        stocks,
        tally,
        ratePerSecond,
        signal,
        api: createTradingApi(impatient),
        pacer: createPacer(ratePerSecond),
        trouble: (message) => display.say(message ?? `${url} can be reached again`),
      });
    } finally {
      ended.abort();
      await status;
      display.stop();
      const refusals = refusalsLine(tally.refusals());
      if (refusals !== null) display.say(refusals);
    }
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  }
}
