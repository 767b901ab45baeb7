/** A stock of the demo. */
interface Stock {
  readonly symbol: string;
  readonly name: string;
}

/** The stocks whose prices are in `stocks.csv` of vega-datasets. */
export const stocks: readonly Stock[] = [
  { symbol: 'MSFT', name: 'Microsoft' },
  { symbol: 'AMZN', name: 'Amazon' },
  { symbol: 'IBM', name: 'IBM' },
  { symbol: 'GOOG', name: 'Google' },
  { symbol: 'AAPL', name: 'Apple' },
];

/** The listing terms of all stocks. */
export const listing = {
  currency: 'USD',
  tickSize: '0.01',
  lotSize: '1',
  makerFeeBps: '1',
  takerFeeBps: '3',
};

/** Ticks in one unit of the currency; the simulation computes with whole ticks. */
const ticksPerUnit = 100;

/** A price of the API in ticks, as a number, which is exact enough for the simulation. */
export function toTicks(price: string): number {
  return Math.round(Number(price) * ticksPerUnit);
}

export function fromTicks(ticks: number): string {
  return (ticks / ticksPerUnit).toFixed(2);
}

/** The number of shares that an amount buys, rounded to tens; at least ten. */
export function sharesFor(dollars: number, priceTicks: number): number {
  return Math.max(10, Math.round((dollars * ticksPerUnit) / priceTicks / 10) * 10);
}
