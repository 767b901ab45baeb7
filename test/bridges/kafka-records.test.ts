import { Reader, readRecordsBatches } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import {
  encodeRecords,
  RecordTooLargeError,
  stampBatch,
} from '../../src/bridges/targets/kafka-records.ts';
import { partitionOf } from '../../src/bridges/targets/murmur2.ts';

const producer = { producerId: 7n, producerEpoch: 3, firstSequence: 11 };

function decode(bytes: Buffer) {
  return readRecordsBatches(Reader.from(bytes)).map(({ records, ...batch }) => ({
    ...batch,
    records: records.map(({ key, value, headers, offsetDelta }) => ({
      offsetDelta,
      key: String(key),
      value: value === null ? null : String(value),
      headers: headers.map((pair) => pair.map(String)),
    })),
  }));
}

test('another decoder reads the records that were encoded', () => {
  const records = [
    { key: 'a', value: '{}', headers: [] },
    { key: 'é', value: null, headers: [['ce_id', '1']] as const },
    { key: '', value: '€'.repeat(5_000), headers: [['x', '']] as const },
    { key: 'b', value: 'x'.repeat(200_000), headers: [['x', 'ö']] as const },
  ];
  const [batch, ...others] = encodeRecords(records, 1_000_000, 1_700_000_000_000);
  if (batch === undefined) throw new Error('nothing was encoded');
  stampBatch(batch, producer);
  expect(others).toEqual([]);
  expect(decode(batch.bytes)).toMatchObject([
    {
      magic: 2,
      attributes: 16,
      lastOffsetDelta: 3,
      firstTimestamp: 1_700_000_000_000n,
      producerId: 7n,
      producerEpoch: 3,
      firstSequence: 11,
      records: records.map((record, offsetDelta) => ({ ...record, offsetDelta })),
    },
  ]);
});

test('records are divided among batches that are not larger than the limit', () => {
  const records = Array.from({ length: 100 }, (_, n) => {
    return { key: `${n}`, value: 'x'.repeat(n), headers: [] };
  });
  const batches = encodeRecords(records, 500, 0);
  expect(Math.max(...batches.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(500);
  const all = batches.flatMap(({ bytes }) => decode(bytes).flatMap((batch) => batch.records));
  expect(all.map(({ key }) => key)).toEqual(records.map(({ key }) => key));
  const tooLarge = [...records, { key: 'last', value: 'x'.repeat(500), headers: [] }];
  expect(() => encodeRecords(tooLarge, 500, 0)).toThrow(RecordTooLargeError);
});

test('a key has the partition that the Java client gives it', () => {
  // The values of `Utils.murmur2` in Kafka's own tests, made positive.
  const hashes = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    expect([key, partitionOf(key, 1_000_003)]).toEqual([key, (hash & 0x7fffffff) % 1_000_003]);
  }
});
