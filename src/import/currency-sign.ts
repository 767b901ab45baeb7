const dollars = ['USD', 'AUD', 'CAD', 'HKD', 'MXN', 'NZD', 'SGD', 'TWD', 'ARS', 'CLP', 'COP'];

/** The currencies that each sign may stand for. */
const bySign: ReadonlyMap<string, readonly string[]> = new Map([
  ['$', dollars],
  ['€', ['EUR']],
  ['£', ['GBP']],
  ['¥', ['JPY', 'CNY']],
  ['₹', ['INR']],
  ['₩', ['KRW']],
  ['₽', ['RUB']],
  ['₺', ['TRY']],
  ['₪', ['ILS']],
  ['฿', ['THB']],
  ['₫', ['VND']],
  ['₱', ['PHP']],
  ['₴', ['UAH']],
]);
const codes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));
const before = /^(\p{Sc}|[A-Z]{3})[ \u{a0}\u{202f}]?(.*)$/su;
const after = /^(.*?)[ \u{a0}\u{202f}]?(\p{Sc}|[A-Z]{3})$/su;

/** A price, split from the currency before or after it. */
interface PricedText {
  /** The sign or the ISO 4217 code; null if the price has none. */
  readonly currency: string | null;
  readonly number: string;
}

/** Splits a currency sign or an ISO 4217 code from a price; returns any other text whole. */
export function splitCurrency(text: string): PricedText {
  const [, sign = '', rest = ''] = before.exec(text) ?? [];
  if (isCurrency(sign) && /^[-\d]/.test(rest)) return { currency: sign, number: rest };
  const [, start = '', end = ''] = after.exec(text) ?? [];
  if (isCurrency(end) && /\d$/.test(start)) return { currency: end, number: start };
  return { currency: null, number: text };
}

/** Whether a sign or code may stand for the currency `code`. */
export function standsFor(sign: string, code: string): boolean {
  return sign === code || (bySign.get(sign)?.includes(code) ?? false);
}

function isCurrency(sign: string): boolean {
  return bySign.has(sign) || codes.has(sign);
}
