import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  continueChecksum,
  createChecksumParts,
  emptyChecksum,
  fromHex,
  markEvery,
  nextMark,
  type SummedRow,
  toHex,
} from '../../../src/views/building/checksum.ts';

const sequences = fc.integer({ min: 1, max: 4 * markEvery });
const edges = fc.constantFrom(markEvery - 1, markEvery, markEvery + 1, 2 * markEvery);
const rowsInOrder = fc
  .array(
    fc.record({
      key: fc.string({ unit: 'binary', maxLength: 3 }).map((text) => text.replaceAll('\0', '')),
      sequence: fc.oneof(sequences, edges),
      text: fc.option(fc.json(), { nil: null }),
    }),
    { maxLength: 30 },
  )
  .map((rows) => rows.toSorted((a, b) => a.sequence - b.sequence));

/** The checksum of rows as another program would compute it from the documentation. */
function expected(rows: readonly SummedRow[]): string {
  const lanes = Array.from({ length: 8 }, () => 0n);
  for (const { key, sequence, text } of rows) {
    const bytes = createHash('sha256')
      .update(`${key}\0${sequence}\0${text ?? ''}`)
      .digest();
    for (const lane of lanes.keys()) {
      lanes[lane] = ((lanes[lane] ?? 0n) + BigInt(bytes.readUInt32BE(4 * lane))) % 2n ** 32n;
    }
  }
  return lanes.map((lane) => lane.toString(16).padStart(8, '0')).join('');
}

const upTo = (rows: readonly SummedRow[], end: number) =>
  rows.filter(({ sequence }) => sequence <= end);

test('a checksum continued page by page is that of all rows, and so is each mark', () => {
  const property = fc.property(rowsInOrder, fc.array(sequences), (rows, cuts) => {
    const end = 4 * markEvery;
    const ends = [...cuts, end].toSorted((a, b) => a - b);
    let [from, checksum] = [0, emptyChecksum];
    const marks = ends.flatMap((to) => {
      const own = upTo(rows, to).filter(({ sequence }) => sequence > from);
      const next = continueChecksum(checksum, { from, to, rows: own });
      [from, checksum] = [to, next.checksum];
      return next.marks;
    });
    expect(toHex(checksum)).toBe(expected(rows));
    expect(marks.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4].map((n) => n * markEvery));
    for (const mark of marks) {
      expect(toHex(mark.checksum)).toBe(expected(upTo(rows, mark.sequence)));
    }
  });
  fc.assert(property);
});

test('rows that come in any order have the same checksum and marks', () => {
  const property = fc.property(rowsInOrder, sequences, fc.nat(), (rows, end, seed) => {
    const own = upTo(rows, end);
    const parts = createChecksumParts();
    const turn = own.length === 0 ? 0 : seed % own.length;
    for (const row of [...own.slice(turn).reverse(), ...own.slice(0, turn)]) parts.add(row);
    const inOrder = continueChecksum(emptyChecksum, { from: 0, to: end, rows: own });
    expect(parts.upTo(end)).toEqual(inOrder);
  });
  fc.assert(property);
});

test.each<readonly [string, SummedRow]>([
  ['its key', { key: 'b', sequence: 7, text: '{"sum":1}' }],
  ['its sequence', { key: 'a', sequence: 8, text: '{"sum":1}' }],
  ['one character of its document', { key: 'a', sequence: 7, text: '{"sum":2}' }],
  ['whether it has a document', { key: 'a', sequence: 7, text: null }],
])('the checksum of a row depends on %s', (_title, changed) => {
  const row: SummedRow = { key: 'a', sequence: 7, text: '{"sum":1}' };
  const sumOf = (one: SummedRow) =>
    continueChecksum(emptyChecksum, { from: 0, to: 10, rows: [one] }).checksum;
  expect(sumOf(changed)).not.toEqual(sumOf(row));
});

test('a checksum survives being written as text', () => {
  const lanes = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(lanes, (values) => {
      const checksum = Uint32Array.from(values);
      expect(fromHex(toHex(checksum))).toEqual(checksum);
    }),
  );
});

test('the mark after a mark is the next one', () => {
  expect([0, 1, markEvery - 1, markEvery].map(nextMark)).toEqual([
    markEvery,
    markEvery,
    markEvery,
    2 * markEvery,
  ]);
});
