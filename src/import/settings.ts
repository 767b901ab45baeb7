import { parseArgs } from 'node:util';
import type { ColumnNames } from './columns.ts';
import { UsageError } from './errors.ts';
import type { Currency } from './market-api.ts';
import { isSymbol, symbolRule } from './symbol-text.ts';

/** What the command line and the environment say. */
export interface ImportSettings {
  readonly files: readonly string[];
  readonly url: string;
  readonly token: string | null;
  /** For files without a symbol column; null: their names tell. */
  readonly symbol: string | null;
  readonly currency: Currency;
  readonly columns: ColumnNames;
}

/** What stands in for options that are not given. */
export interface ImportDefaults {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** The options with their descriptions, for the help text. */
export const importOptions: readonly (readonly [string, string])[] = [
  ['--url <url>', 'The GraphQL API (DAYBOOK_URL; http://127.0.0.1:4000/graphql)'],
  ['--token <token>', 'A bearer token; better as DAYBOOK_TOKEN, which others do not see'],
  ['--symbol <symbol>', 'Of files without a column "symbol"; else sp500.csv is SP500'],
  ['--currency <code>', 'Of instruments that are not listed yet (USD)'],
  ['--price-column <name>', 'Where the price stands ("price", else "close")'],
  ['--time-column <name>', 'Where the date stands ("date", else "time")'],
];

const names = ['url', 'token', 'symbol', 'currency', 'price-column', 'time-column'] as const;
const text = { type: 'string' } as const;

/**
 * The settings from the arguments, the command's name among them; throws `UsageError`. They are read
 * here once more, as texts: cac takes `--symbol 005930` for the number 5930.
 */
export function readImportSettings(
  args: readonly string[],
  defaults: ImportDefaults,
): ImportSettings {
  const { values, positionals } = parse(args);
  const files = positionals.slice(1);
  if (files.length === 0) {
    throw new UsageError('name at least one CSV file, as in: import-prices stocks.csv');
  }
  const get = (name: (typeof names)[number]): string | null => values[name]?.trim() || null;
  const symbol = get('symbol');
  if (symbol !== null && !isSymbol(symbol)) throw new UsageError(`--symbol is ${symbolRule}`);
  const currency = get('currency');
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) {
    throw new UsageError('--currency is an ISO 4217 code, like USD');
  }
  return {
    files,
    url: readUrl(get('url') ?? (defaults.url?.trim() || 'http://127.0.0.1:4000/graphql')),
    token: readToken(get('token') ?? (defaults.token?.trim() || null)),
    symbol,
    currency: { code: currency ?? 'USD', isRequired: currency !== null },
    columns: { price: get('price-column'), time: get('time-column') },
  };
}

function parse(args: readonly string[]) {
  const options = {
    ...{ url: text, token: text, symbol: text, currency: text },
    ...{ 'price-column': text, 'time-column': text },
  };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) {
    const { username, password } = new URL(url);
    if (username === '' && password === '') return url;
    throw new UsageError('--url has a user name in it: the API takes tokens, see --token');
  }
  throw new UsageError(`--url is of the form http://127.0.0.1:4000/graphql, not ${url}`);
}

function readToken(token: string | null): string | null {
  if (token === null || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('the token has characters that no token has');
}
