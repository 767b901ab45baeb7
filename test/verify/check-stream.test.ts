import { expect, test } from 'vitest';
import { createStreamCheck } from '../../src/verify/check-stream.ts';

const ledger = 'ours';

function check(
  links: readonly (readonly [sequence: number, previous: number, ledger?: string] | null)[],
  { after = 0, expected = null }: { after?: number; expected?: string | null } = {},
) {
  const checked = createStreamCheck({ after, ledger: expected });
  links.forEach((link, index) => {
    const [sequence = 0, previous = 0, from = ledger] = link ?? [];
    checked.add({
      lane: 'lane',
      location: `message ${index + 1}`,
      link: link === null ? null : { ledger: from, sequence, previous },
      signedHead: null,
    });
  });
  return { lanes: checked.lanes(), faults: checked.faults() };
}

const counts = { messages: 3, next: 3, repeated: 0, gaps: 0, foreign: 0, begunAfter: null };

test('a chain without a gap is all next', () => {
  expect(
    check([
      [1, 0],
      [4, 1],
      [5, 4],
    ]),
  ).toEqual({ lanes: [{ lane: 'lane', ...counts, first: 1, last: 5 }], faults: [] });
});

test('a repeated message is counted, and is no fault', () => {
  const { lanes, faults } = check([
    [1, 0],
    [2, 1],
    [2, 1],
    [1, 0],
    [3, 2],
  ]);
  expect(lanes).toMatchObject([{ messages: 5, next: 3, repeated: 2, gaps: 0, last: 3 }]);
  expect(faults).toEqual([]);
});

test('the first gap is named with its location, and the check goes on behind it', () => {
  const { lanes, faults } = check([
    [1, 0],
    [3, 2],
    [4, 3],
    [6, 5],
  ]);
  expect(lanes).toMatchObject([{ next: 2, gaps: 2, last: 6 }]);
  expect(faults).toEqual([
    'first gap: lane, message 2: event 3 follows event 2, but the last one read was 1',
  ]);
});

test('messages of another log and of no log are foreign, and move nothing', () => {
  const { lanes, faults } = check([[1, 0], null, [2, 1, 'theirs'], [2, 1]]);
  expect(lanes).toMatchObject([{ next: 2, foreign: 2, last: 2 }]);
  expect(faults).toEqual(['first foreign: lane, message 2, is not a message of Daybook']);
});

test('a given log is the right one, even if the first message is of another', () => {
  const { lanes, faults } = check(
    [
      [1, 0, 'theirs'],
      [1, 0],
    ],
    { expected: 'ours' },
  );
  expect(lanes).toMatchObject([{ next: 1, foreign: 1 }]);
  expect(faults).toEqual(['first foreign: lane, message 1, is of the ledger theirs, not ours']);
});

test('a lane that lost its first messages to retention says so', () => {
  expect(check([[7, 6]]).lanes).toMatchObject([{ next: 1, gaps: 0, begunAfter: 6 }]);
});

test('messages up to a given sequence number are left out', () => {
  const links = [
    [1, 0],
    [3, 2],
    [4, 3],
  ] as const;
  expect(check(links, { after: 3 })).toMatchObject({
    lanes: [{ messages: 1, next: 1, first: 4, begunAfter: null }],
    faults: [],
  });
});
