import { IS_CONTROL, IS_TRANSACTIONAL } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { committedRecords } from '../../src/bridges/targets/committed-records.ts';

const producer = 7n;

/** A batch of records at the given offsets. */
function batch(first: number, count: number, attributes = 0, producerId = -1n) {
  const records = Array.from({ length: count }, (_, offsetDelta) => ({ offsetDelta }));
  return {
    firstOffset: BigInt(first),
    lastOffsetDelta: count - 1,
    attributes,
    producerId,
    records,
  };
}

const inTransaction = (first: number, count: number, id = producer) =>
  batch(first, count, IS_TRANSACTIONAL, id);
const marker = (offset: number, id = producer) =>
  batch(offset, 1, IS_TRANSACTIONAL | IS_CONTROL, id);

function read(batches: readonly object[], aborted: readonly number[], from = 0) {
  const abortedTransactions = aborted.map((first) => {
    return { producerId: producer, firstOffset: BigInt(first) };
  });
  const answer = { records: batches, abortedTransactions } as never;
  const { records, end } = committedRecords(answer, BigInt(from));
  return { offsets: records.map(({ offset }) => Number(offset)), end: Number(end) };
}

test('records of an aborted transaction are left out, those after it are not', () => {
  const batches = [inTransaction(0, 2), marker(2), inTransaction(3, 2), marker(5), batch(6, 1)];
  expect(read(batches, [0])).toEqual({ offsets: [3, 4, 6], end: 7 });
});

test('records of an aborted transaction are left out if its marker is not in the answer', () => {
  expect(read([batch(0, 1), inTransaction(1, 2)], [1])).toEqual({ offsets: [0], end: 3 });
});

test('of two aborted transactions of one producer both are left out', () => {
  const batches = [
    inTransaction(0, 1),
    marker(1),
    inTransaction(2, 1),
    marker(3),
    inTransaction(4, 1),
    marker(5),
    inTransaction(6, 1, 8n),
  ];
  expect(read(batches, [0, 4])).toEqual({ offsets: [2, 6], end: 7 });
});

test('records before the offset that was asked for are left out', () => {
  expect(read([batch(0, 5), batch(5, 2)], [], 3)).toEqual({ offsets: [3, 4, 5, 6], end: 7 });
});

test('an answer without records ends where it began', () => {
  expect(read([], [], 9)).toEqual({ offsets: [], end: 9 });
});
