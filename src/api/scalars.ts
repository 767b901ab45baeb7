import { GraphQLError, Kind, type ValueNode } from 'graphql';
import type { JsonObject } from '../kernel/event.ts';
import { type Moment, parseMoment, parseSequence } from '../kernel/moment.ts';
import { dateTimeFault, parseDateTime } from '../lib/date-time.ts';
import {
  fractionDigitsMax,
  integerDigitsMax,
  isDecimal,
  withoutNegativeZero,
} from '../lib/decimal.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';

/** Adds the scalars of the API. None becomes a `Date` or a number with a fraction. */
export function addScalars(builder: Builder): void {
  builder.scalarType('DateTime', {
    specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
    description: oneLine`A time in the format of RFC 3339. The server always sends UTC with six
      fractional digits. It accepts any offset, up to six fractional digits (and zeros after them),
      and a T or a space before the hour. It does not accept leap seconds.`,
    ...fromText(
      parseDateTime,
      'a DateTime must be a string like "2026-11-23T12:00:00.000000Z"',
      dateTimeFault,
    ),
    serialize: (value) => value,
  });
  builder.scalarType('Sequence', {
    specifiedByURL: 'https://www.w3.org/TR/xmlschema11-2/#nonNegativeInteger',
    description: oneLine`The sequence number of an event in the log: 1, 2, 3, … without gaps, as a
      string of decimal digits. "0" is the beginning of the log, before its first event.`,
    ...fromText(parseSequence, 'a Sequence must be a string of decimal digits, like "42"'),
    serialize: (value) => String(value) as never,
  });
  builder.scalarType('Decimal', {
    specifiedByURL: 'https://www.w3.org/TR/xmlschema11-2/#decimal',
    description: oneLine`An exact decimal number as a string, like "1250.00". It has at most
      ${integerDigitsMax} digits before the decimal point, at most ${fractionDigitsMax} after it and
      no exponent. The server reads "-0.00" as "0.00".`,
    ...fromText(parseDecimal, 'a Decimal must be a string like "1250.00"'),
    // Older events may hold a negative zero.
    serialize: (value) => withoutNegativeZero(value) as never,
  });
  builder.scalarType('Moment', {
    description: oneLine`A moment of the log, as a string: a Sequence, which includes every event up
      to and including it, or a DateTime, which includes every event recorded at or before it. It
      must not be after the head of the log or in the future.`,
    ...fromText(parseMoment, 'a Moment must be a DateTime or a Sequence, as a string', momentFault),
    serialize: (moment: Moment) =>
      (moment.kind === 'time' ? moment.time : String(moment.sequence)) as never,
  });
  builder.scalarType('JSON', {
    specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
    description: oneLine`A JSON value, most often an object. It is used only in answers. Its
      decimals are strings.`,
    parseValue: (): JsonObject => fault('JSON is not accepted as input'),
    parseLiteral: (node: ValueNode): JsonObject => fault('JSON is not accepted as input', node),
    serialize: (value) => value,
  });
}

function parseDecimal(text: string): string | null {
  return isDecimal(text) ? withoutNegativeZero(text) : null;
}

/** What is wrong with a text that looks like a time; null if it does not look like one. */
function momentFault(text: string): string | null {
  return /^\d{4}-/.test(text) ? dateTimeFault(text) : null;
}

/**
 * A scalar's input parsers. They reject numbers, because the parsers of JSON and GraphQL may
 * already have lost digits. The error for a malformed text is the fault that `faultOf` finds, or
 * else `expected`.
 */
function fromText<Value>(
  parse: (text: string) => Value | null,
  expected: string,
  faultOf: (text: string) => string | null = () => null,
) {
  const parseText = (text: unknown, node?: ValueNode): Value => {
    if (typeof text !== 'string') return fault(expected, node);
    return parse(text) ?? fault(faultOf(text) ?? expected, node);
  };
  return {
    parseValue: (text: unknown) => parseText(text),
    parseLiteral: (node: ValueNode): Value =>
      parseText(node.kind === Kind.STRING ? node.value : null, node),
  };
}

/** Throws BAD_USER_INPUT at a literal, or for the value of a variable, which graphql-js locates. */
function fault(message: string, node?: ValueNode): never {
  throw new GraphQLError(message, {
    nodes: node ?? null,
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
