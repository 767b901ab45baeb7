import { expect, test } from 'vitest';
import type { ChainedMessage } from '../../src/bridges/message.ts';
import { kinesisTarget } from '../../src/bridges/targets/kinesis.ts';
import { createRounds, type KeyedRecord } from '../../src/bridges/targets/rounds.ts';
import { bridgeSettings } from '../support/bridged.ts';

function record(id: number, key: string, size = 10): KeyedRecord {
  return { id: String(id), key, bytes: new Uint8Array(size) };
}

function roundsOf(records: readonly KeyedRecord[]): (readonly string[])[] {
  const rounds = createRounds(records);
  const ids: (readonly string[])[] = [];
  for (let round = rounds.next(); round.length > 0; round = rounds.next()) {
    ids.push(round.map(({ id }) => id));
    rounds.remove(round);
  }
  return ids;
}

test('a round has the first record of each key', () => {
  const records = [record(1, 'a'), record(2, 'a'), record(3, 'b'), record(4, 'a'), record(5, 'b')];
  expect(roundsOf(records)).toEqual([['1', '3'], ['2', '5'], ['4']]);
});

test('a record that failed is in the next round, and the others of its key wait', () => {
  const records = [record(1, 'a'), record(2, 'a'), record(3, 'b'), record(4, 'b')];
  const rounds = createRounds(records);
  rounds.remove(rounds.next().filter(({ id }) => id === '3'));
  expect(rounds.next().map(({ id }) => id)).toEqual(['1', '4']);
});

test('a round has at most 500 records and 5 MiB with the keys', () => {
  const many = Array.from({ length: 1_100 }, (_, id) => record(id, `key ${id}`));
  expect(roundsOf(many).map(({ length }) => length)).toEqual([500, 500, 100]);
  const mebibyte = 1024 * 1024;
  const large = Array.from({ length: 7 }, (_, id) => record(id, `${id}`, mebibyte - 1));
  expect(roundsOf(large).map(({ length }) => length)).toEqual([5, 2]);
  const larger = Array.from({ length: 7 }, (_, id) => record(id, `${id}`, mebibyte));
  expect(roundsOf(larger).map(({ length }) => length)).toEqual([4, 3]);
});

test('an event that is too large for a record parks the bridge and is named', async () => {
  const entry = { name: 'k', kind: 'kinesis', stream: 's', region: 'eu-central-1' };
  const [settings] = bridgeSettings([{ ...entry, endpoint: 'http://127.0.0.1:1' }]).bridges;
  if (settings?.kind !== 'kinesis') throw new Error('not of Kinesis');
  const { signal } = new AbortController();
  const target = await kinesisTarget({ settings }).open(signal);
  const message: ChainedMessage = {
    sequence: 17,
    eventId: 'id',
    key: 'a',
    attributes: {},
    lane: 's',
    previous: 16,
    data: JSON.stringify('x'.repeat(1024 * 1024)),
  };
  await expect(target.send([message], signal)).rejects.toMatchObject({
    code: 'BRIDGE_PARKED',
    message: expect.stringContaining('event 17 is too large for Kinesis: its record has 1048'),
  });
  await target.close();
});
