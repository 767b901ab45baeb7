import type { Pacer } from './pacer.ts';
import { wantedQuotes } from './quotes.ts';
import { type Change, planChanges } from './requote.ts';
import { sharesFor } from './stocks.ts';
import type { Tallying } from './tally.ts';
import type { Maker } from './traders.ts';
import type { OrderOutcome, TradingApi } from './trading-api.ts';

/** What every trader's turn needs. */
export interface MakerTrading {
  readonly api: TradingApi;
  readonly pacer: Pacer;
  readonly tally: Tallying;
  readonly signal: AbortSignal;
}

/** What a maker knows about one of its stocks. */
export interface MakerDesk {
  readonly maker: Maker;
  readonly symbol: string;
  readonly sharesAtFirst: number;
  /** The current fair value, in ticks. */
  fairValue(): number;
}

/** The value of the order closest to the fair value. */
const quoteDollars = 15_000;

/** Moves a maker's orders in one book to match the current fair value. */
export async function makeMarket(desk: MakerDesk, trading: MakerTrading): Promise<void> {
  const { maker, symbol, sharesAtFirst } = desk;
  const { api, pacer, tally, signal } = trading;
  const { position, orders } = await api.readDesk(maker.accountId, symbol);
  const fairValue = desk.fairValue();
  const { halfSpreadBps, levels } = maker;
  const wanted = wantedQuotes({
    fairValue,
    halfSpreadBps,
    levels,
    size: sharesFor(quoteDollars, fairValue),
    surplus: position / sharesAtFirst - 1,
  });
  const tolerance = Math.max(1, Math.round((fairValue * halfSpreadBps) / 20_000));
  for (const [index, change] of planChanges(orders, wanted, tolerance).entries()) {
    // The maker's turn has already waited for the pacer: that counts for the first change.
    if (index > 0) await pacer.turn(signal);
    if (signal.aborted) return;
    tally.count(await apply(api, desk, change));
  }
}

function apply(
  api: TradingApi,
  { maker, symbol }: Pick<MakerDesk, 'maker' | 'symbol'>,
  change: Change,
): Promise<OrderOutcome> {
  if (change.kind === 'place') return api.quote(maker.accountId, symbol, change.quote);
  if (change.kind === 'replace') return api.replace(change.order.id, change.quote);
  return api.cancel(change.order.id);
}
