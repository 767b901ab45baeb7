import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogRow } from '../../src/exports/columns.ts';
import { toCopyLine } from '../../src/exports/copy-text.ts';
import { parseJsonLine, toJsonLine } from '../../src/exports/lines.ts';
import { toIsoTime, toPrintedTime } from '../../src/exports/times.ts';
import { copyOut } from '../../src/postgres/copy-out.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.dispose());

/** Texts as PostgreSQL can have them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '')),
  fc.constantFrom('\\N', '\\', '\t\n\r\b\f\v\u0001', ',"data":', '"}', '\u2028', 'ü𝄞'),
);
const time = fc.constantFrom(
  '2026-11-28 12:30:00+00',
  '2026-11-28 12:30:00.1+00',
  '2026-11-28 12:30:00.123456+00',
  '0044-03-15 12:00:00+00 BC',
);
const whole = fc.nat().map(String);
/** JSON texts, with spaces and line breaks between their parts. */
const json = fc
  .tuple(fc.json(), fc.constantFrom('', ' ', '\t', '\n', '\r\n'))
  .map(([value, space]) => `${space}${value}${space}`);
const hash = fc.constant('0a'.repeat(32));

const event = fc.record({
  kind: fc.constant('event' as const),
  values: fc.tuple(
    ...[whole, text, whole, fc.uuid(), text, whole, time, time, text, fc.uuid(), text],
    fc.option(text),
    json,
  ),
  hash,
});
const outcome = fc.record({
  kind: fc.constant('outcome' as const),
  values: fc.tuple(text, text, text, fc.uuid(), whole, whole, fc.option(json)),
  recordedAt: time,
});
const batch = fc.record({
  kind: fc.constant('batch' as const),
  values: fc.tuple(time, whole, whole, fc.uuid(), whole, json),
  hash,
  terms: fc.array(fc.integer()),
});

test('every row is read from its line as it was written', () => {
  fc.assert(
    fc.property(fc.oneof(event, outcome, batch), (row) => {
      const line = toJsonLine(row as LogRow);
      expect(line).not.toMatch(/[\n\r]/);
      JSON.parse(line);
      expect(parseJsonLine(line)).toEqual(row);
    }),
    { numRuns: 2_000 },
  );
});

test('a line of COPY is the one that PostgreSQL prints', async () => {
  const { database, url } = testDatabase;
  await sql(database, 'create table texts (number integer, one text, other text)');
  const rows = fc.sample(fc.tuple(text, fc.option(text)), { numRuns: 300, seed: 4 });
  for (const [number, [one, other]] of rows.entries()) {
    await sql(database, 'insert into texts values ($1, $2, $3)', [number, one, other]);
  }
  const chunks: Buffer[] = [];
  const statement = 'copy (select one, other from texts order by number) to stdout';
  for await (const chunk of copyOut(url, statement)) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe(rows.map((row) => `${toCopyLine(row)}\n`).join(''));
});

test('a time keeps its microseconds, and one that RFC 3339 does not have stays as it is', () => {
  expect(toIsoTime('2026-11-28 12:30:00.12+00')).toBe('2026-11-28T12:30:00.120000Z');
  expect(toIsoTime('0044-03-15 12:00:00+00 BC')).toBe('0044-03-15 12:00:00+00 BC');
  fc.assert(fc.property(time, (printed) => toPrintedTime(toIsoTime(printed)) === printed));
});

test('what is not a line of an export is refused', () => {
  for (const line of ['', '{}', 'null', '{"kind":"event"', '{"kind":"event","sequence":1}']) {
    expect(() => parseJsonLine(line)).toThrow(SyntaxError);
  }
});
