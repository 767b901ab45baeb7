import { Kind, type ValueNode } from 'graphql';
import type { JsonObject } from '../kernel/event.ts';
import { type Moment, parseMoment, parseSequence } from '../kernel/moment.ts';
import { dateTimeFault, parseDateTime } from '../lib/date-time.ts';
import {
  fractionDigitsMax,
  integerDigitsMax,
  isDecimal,
  withoutNegativeZero,
} from '../lib/decimal.ts';
import type { Builder } from './builder.ts';
import { badInput } from './errors.ts';

/** The scalars of the API. None of them ever becomes a JS number with a fraction, or a Date. */
export function addScalars(builder: Builder): void {
  builder.scalarType('DateTime', {
    description:
      `An RFC 3339 time. Out: always UTC with six fractional digits. In: any offset, at most
      six digits of a second, a space or a T before the hour, no leap second.`.replace(/\s+/g, ' '),
    ...fromText(
      parseDateTime,
      'a DateTime is a string like "2026-11-23T12:00:00.000000Z"',
      dateTimeFault,
    ),
    serialize: (value) => value,
  });
  builder.scalarType('Sequence', {
    description: "An event's place in the whole log: 1, 2, 3, … A string of decimal digits.",
    ...fromText(parseSequence, 'a Sequence is a string of decimal digits, like "42"'),
    serialize: (value) => String(value) as never,
  });
  builder.scalarType('Decimal', {
    description: `An exact decimal as a string, like "1250.00": at most ${integerDigitsMax} digits
      before the point and ${fractionDigitsMax} after it; no exponent. Zero has no sign: "-0.00"
      is taken as "0.00".`.replace(/\s+/g, ' '),
    ...fromText(parseDecimal, 'a Decimal is a string like "1250.00"'),
    // What was recorded before this was so may have the sign.
    serialize: (value) => withoutNegativeZero(value) as never,
  });
  builder.scalarType('Moment', {
    description: `A DateTime (all that was recorded at or before it) or a Sequence (all up to and
      including it).`.replace(/\s+/g, ' '),
    ...fromText(parseMoment, 'a Moment is a DateTime or a Sequence, as a string', momentFault),
    serialize: (moment: Moment) =>
      (moment.kind === 'time' ? moment.time : String(moment.sequence)) as never,
  });
  builder.scalarType('JSON', {
    description: 'A JSON object; amounts in it are strings.',
    parseValue: (): JsonObject => badInput('JSON is only ever an answer'),
    parseLiteral: (): JsonObject => badInput('JSON is only ever an answer'),
    serialize: (value) => value,
  });
}

function parseDecimal(text: string): string | null {
  return isDecimal(text) ? withoutNegativeZero(text) : null;
}

/** What is wrong with a text that is meant as a time; null: it may be meant as something else. */
function momentFault(text: string): string | null {
  return /^\d{4}-/.test(text) ? dateTimeFault(text) : null;
}

/**
 * Numbers are refused: JSON's and GraphQL's would have lost digits before we saw them. A text that
 * is refused is told the fault in it, if `faultOf` knows one.
 */
function fromText<Value>(
  parse: (text: string) => Value | null,
  expected: string,
  faultOf: (text: string) => string | null = () => null,
) {
  const parseText = (text: unknown): Value => {
    if (typeof text !== 'string') return badInput(expected);
    return parse(text) ?? badInput(faultOf(text) ?? expected);
  };
  return {
    parseValue: parseText,
    parseLiteral: (node: ValueNode): Value =>
      parseText(node.kind === Kind.STRING ? node.value : null),
  };
}
