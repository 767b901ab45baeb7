import { parseArgs } from 'node:util';
import { type ColumnNames, priceNames, timeNames } from './columns.ts';
import { UsageError } from './errors.ts';
import type { Currency } from './market-api.ts';
import type { GivenNotation } from './notation.ts';
import type { Repeat } from './send-batches.ts';
import { faultOfSymbol } from './symbol-text.ts';

/** The settings of an import, from the command line and the environment. */
export interface ImportSettings extends GivenNotation {
  readonly files: readonly string[];
  readonly url: string;
  readonly token: string | null;
  /** For files without a symbol column. If null, the symbol is the file's name. */
  readonly symbol: string | null;
  readonly currency: Currency;
  readonly columns: ColumnNames;
  readonly repeat: Repeat;
}

/** The values of options that are not given. */
interface ImportDefaults {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** The options and their descriptions, for the help text. */
export const importOptions: readonly (readonly [string, string])[] = [
  ['--url <url>', 'The GraphQL API (default: DAYBOOK_URL or http://127.0.0.1:4000/graphql)'],
  ['--token <token>', 'A bearer token; prefer DAYBOOK_TOKEN, as other users can see arguments'],
  ['--symbol <symbol>', 'The symbol of files without a column "symbol" (default: the file name)'],
  ['--currency <code>', 'The currency of instruments that are not listed yet (default: USD)'],
  ['--price-column <name>', `The column with the price (default: ${priceNames.join(', ')})`],
  ['--time-column <name>', `The column with the date (default: ${timeNames.join(', ')})`],
  ['--decimal <mark>', 'The decimal mark of prices: point or comma (default: detected)'],
  ['--dates <order>', 'How to read 01/02/2000: month-first or day-first (default: detected)'],
  ['--again', 'Record prices again where other prices have since replaced them'],
];

const names = [
  ...(['url', 'token', 'symbol', 'currency', 'price-column', 'time-column'] as const),
  ...(['decimal', 'dates'] as const),
];
const text = { type: 'string' } as const;

/**
 * Reads the settings from the arguments, which include the command's name. Throws `UsageError`.
 * The arguments are parsed again as text because cac reads `--symbol 005930` as the number 5930.
 */
export function readImportSettings(
  args: readonly string[],
  defaults: ImportDefaults,
): ImportSettings {
  const { values, positionals } = parse(args);
  const files = positionals.slice(1);
  if (files.length === 0) {
    throw new UsageError('name at least one CSV file, for example: import-prices stocks.csv');
  }
  const get = (name: (typeof names)[number]): string | null => values[name]?.trim() || null;
  const symbol = get('symbol');
  const symbolFault = symbol === null ? null : faultOfSymbol(symbol);
  if (symbolFault !== null) throw new UsageError(`--symbol: ${symbolFault}`);
  const currency = get('currency');
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) {
    throw new UsageError(`--currency must be an ISO 4217 code such as USD, not ${currency}`);
  }
  return {
    files,
    url: readUrl(get('url') ?? (defaults.url?.trim() || 'http://127.0.0.1:4000/graphql')),
    token: readToken(get('token') ?? (defaults.token?.trim() || null)),
    symbol,
    currency: { code: currency ?? 'USD', isRequired: currency !== null },
    columns: { price: get('price-column'), time: get('time-column') },
    decimal: choose('--decimal', get('decimal'), ['point', 'comma']),
    dates: choose('--dates', get('dates'), ['month-first', 'day-first']),
    repeat: values.again === true ? 'record' : 'report',
  };
}

function choose<Choice extends string>(
  option: string,
  given: string | null,
  choices: readonly [Choice, Choice],
): Choice | null {
  const choice = choices.find((one) => one === given);
  if (given === null || choice !== undefined) return choice ?? null;
  throw new UsageError(`${option} must be ${choices.join(' or ')}, not ${given}`);
}

function parse(args: readonly string[]) {
  const options = {
    url: text,
    token: text,
    symbol: text,
    currency: text,
    'price-column': text,
    'time-column': text,
    decimal: text,
    dates: text,
    again: { type: 'boolean' } as const,
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
    throw new UsageError('--url must not contain a user name: use --token to authenticate');
  }
  throw new UsageError(`--url must have the form http://127.0.0.1:4000/graphql, not ${url}`);
}

function readToken(token: string | null): string | null {
  if (token === null || /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('the token contains a character that is not allowed in tokens');
}
