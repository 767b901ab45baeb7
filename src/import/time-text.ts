import { parseDateTime } from '../lib/date-time.ts';
import { type DateOrder, hasShortYear, parseDayText } from './day-text.ts';
import type { Question } from './readings.ts';

/** A time as the API accepts it, or why the text is not a time. */
type TimeText = { readonly time: string } | { readonly fault: string };

const lengthMax = 80;
const noDate = 'this is not a date like 2000-01-31, Jan 31 2000 or 2000-01-31T09:30:00Z';
const clock = new RegExp(
  [
    ...[/^(.+?)(?:T|,? )/, /(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?/],
    ...[/(?: ?([ap])\.?m\.?)?/, /(?: ?(z|utc|gmt|[+-]\d{2}(?::?\d{2})?))?$/],
  ]
    .map(({ source }) => source)
    .join(''),
  'i',
);

/** Asks whether the month or the day comes first in the dates of a file. */
export const orderQuestion: Question<DateOrder> = {
  option: '--dates',
  readings: ['month-first', 'day-first'],
  traits: { 'month-first': 'the month first', 'day-first': 'the day first' },
  read: (text, order) => parseTimeText(text, order)?.slice(0, 10) ?? null,
};

/**
 * The canonical time of a date with or without a time of day; null if the text is not a time.
 * Without an offset it is in UTC, and without a time of day it is 00:00. If `order` is null, both
 * orders must have the same result.
 */
export function parseTimeText(text: string, order: DateOrder | null = null): string | null {
  if (text.length > lengthMax) return null;
  if (order === null) {
    const time = parseTimeText(text, 'month-first');
    return time === parseTimeText(text, 'day-first') ? time : null;
  }
  const parts = split(text);
  const day = parseDayText(parts.day, order);
  return day === null || parts.clock === null ? null : parseDateTime(`${day}T${parts.clock}`);
}

/** Reads a time or returns the rule that the text breaks. */
export function readTimeText(text: string, order: DateOrder | null): TimeText {
  const time = parseTimeText(text, order);
  return time === null ? { fault: faultOf(text, order) } : { time };
}

interface Parts {
  readonly day: string;
  /** As in RFC 3339, with an offset; null if the time of day does not exist. */
  readonly clock: string | null;
}

function split(text: string): Parts {
  const match = clock.exec(text);
  if (match === null) return { day: text, clock: '00:00:00Z' };
  const [, day = '', hour = '', minute, second = '00', fraction, half, offset = 'Z'] = match;
  const hours = half === undefined ? hour.padStart(2, '0') : toHours(Number(hour), half);
  const rest = fraction === undefined ? '' : `.${fraction}`;
  const time = `${hours}:${minute}:${second}${rest}${toOffset(offset)}`;
  return { day, clock: hours === null ? null : time };
}

function toHours(hour: number, half: string): string | null {
  if (hour < 1 || hour > 12) return null;
  return String((hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)).padStart(2, '0');
}

function toOffset(offset: string): string {
  if (/^[a-z]/i.test(offset)) return 'Z';
  return `${offset.slice(0, 3)}:${offset.slice(3).replace(':', '') || '00'}`;
}

function faultOf(text: string, order: DateOrder | null): string {
  if (text === '') return 'the date is empty';
  if (text.length > lengthMax) return noDate;
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    return 'the date is a number without a known unit: write it like 2000-01-31';
  }
  const match = clock.exec(text);
  const [, day = text, , , second, fraction = ''] = match ?? [];
  if (hasShortYear(day)) return 'the year has two digits, so its century is unknown: write four';
  if (second === '60')
    return 'the second is 60, a leap second: the last one that can be recorded is 59';
  if (/[1-9]/.test(fraction.slice(6))) {
    return 'the time is finer than a microsecond: a second has at most six digits';
  }
  return faultOfDay(text, day, order);
}

function faultOfDay(text: string, day: string, order: DateOrder | null): string {
  const other = order === 'month-first' ? 'day-first' : 'month-first';
  if (order !== null && parseTimeText(text, other) !== null) {
    const { traits } = orderQuestion;
    return `the date has ${traits[other]}, but the file is read with ${traits[order]}`;
  }
  const isDay = parseDayText(day, 'month-first') !== null;
  if (isDay && parseTimeText(day, order) === null) return 'the date does not exist in the calendar';
  if (isDay) return 'the time of day is not like 09:30:00, or its offset is not like -05:00';
  if (/\d:\d\d.*[a-z]$/i.test(text)) {
    return 'the time zone is a name or is misspelled: write an offset like -05:00 or Z';
  }
  return noDate;
}
