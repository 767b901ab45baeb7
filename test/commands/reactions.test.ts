import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { serverRight } from '../../src/access/command-rights.ts';
import { openAccount } from '../../src/contexts/accounts/commands.ts';
import { accounts } from '../../src/contexts/accounts/context.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import { type BoundedContext, eventDefinitionsOf } from '../../src/kernel/context.ts';
import { type Decider, entityIdOf } from '../../src/kernel/decider.ts';
import { text } from '../../src/kernel/field.ts';
import { reactionsByType } from '../../src/kernel/reaction.ts';
import { Rejection } from '../../src/kernel/rejection.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  createTestProcess,
  type TestProcess,
  wholeLog,
  withDatabase,
} from '../support/processing.ts';

interface Noted {
  readonly type: 'Noted';
  readonly data: { readonly note: string };
}

/** A page of notes; the state is their number. */
const pageDecider: Decider<number, Noted> = {
  category: 'page',
  version: 1,
  initial: 0,
  evolve: (count) => count + 1,
};

const notesMax = 3;
const full = new Rejection('PAGE_FULL', 'there is no room on the page', {});

/** Writes a note for each deposit, twice, until the page is full. */
const notes: BoundedContext = {
  name: 'notes',
  events: {
    Noted: {
      description: 'A note was taken.',
      audience: 'LOG',
      fields: { note: text('What it says.') },
    },
  },
  deciders: [pageDecider],
  views: [],
  reactions: [
    {
      name: 'notes.takeNotes',
      types: ['CashDeposited'],
      react({ streamId, data }, context) {
        const page = entityIdOf(streamId);
        if (context.load(pageDecider, page).state >= notesMax * 2) throw full;
        for (const note of [`${data['amount']} to ${streamId}`, 'so it is']) {
          context.record(pageDecider, page, { type: 'Noted', data: { note } });
        }
      },
    },
  ],
};

const contexts = [accounts, notes];
const options = {
  definitions: eventDefinitionsOf(contexts),
  reactions: reactionsByType(contexts),
};

let testDatabase: TestDatabase;
let ours: TestProcess;

/** The head of the log at the beginning of a test, and an empty page. */
let start: number;
let page: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  ours = createTestProcess(testDatabase.database, options);
});

beforeEach(async () => {
  start = (await ours.log.head()).sequence;
  page = newUuid();
});

afterAll(async () => {
  await ours.processor.stop();
  await testDatabase.dispose();
});

/** What the test has recorded so far. */
async function typesInLog(): Promise<readonly string[]> {
  const events = await ours.log.events({}, { ...wholeLog, after: start });
  return events.map(({ type }) => type);
}

/** The number of times that streams were read from the log during some work. */
async function countLoads(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(testDatabase.database, 'query');
  try {
    await work();
    return spy.mock.calls.filter(([{ name }]) => name === 'events_of_streams').length;
  } finally {
    spy.mockRestore();
  }
}

function command<Input>(
  handle: CommandDefinition<Input>['handle'],
  name = 'test',
): CommandDefinition<Input> {
  return { name, description: 'For this test.', right: serverRight, rejections: [], handle };
}

describe('a reaction', () => {
  test('is in the same append as its event, right after it', async () => {
    const id = await ours.open();
    const { events, sequence } = await ours.deposit(id, '5.00');
    expect(events.map(({ type, sequence: place }) => [type, place])).toEqual([
      ['CashDeposited', start + 2],
      ['Noted', start + 3],
      ['Noted', start + 4],
    ]);
    expect(sequence).toBe(start + 4);
    const [deposited, note] = events;
    expect(note).toMatchObject({
      streamId: `page-${id}`,
      version: 1,
      data: { note: `5.00 to account-${id}` },
      commandId: deposited?.commandId,
      correlationId: deposited?.correlationId,
    });
  });

  test('that rejects causes the whole command to be rejected', async () => {
    const id = await ours.open();
    for (let i = 0; i < notesMax; i += 1) await ours.deposit(id, '1.00');
    const before = await typesInLog();
    const key = { idempotencyKey: newUuid() };
    const { rejection, events } = await ours.deposit(id, '1.00', key);
    expect([rejection?.code, events]).toEqual(['PAGE_FULL', []]);
    expect(await typesInLog()).toEqual(before);
    expect(await ours.deposit(id, '1.00', key)).toMatchObject({
      replayed: true,
      rejection: { code: 'PAGE_FULL' },
    });
    // The rejected command has had no effect.
    expect(await ours.withdraw(id, '3.01')).toMatchObject({
      rejection: { code: 'INSUFFICIENT_FUNDS' },
    });
  });

  test('sees the changes of earlier commands in the same batch', async () => {
    const id = await ours.open();
    const all = Array.from({ length: notesMax + 2 }, () => ours.deposit(id, '1.00'));
    const codes = (await Promise.all(all)).map(({ rejection }) => rejection?.code ?? 'accepted');
    expect(codes).toEqual([...Array(notesMax).fill('accepted'), 'PAGE_FULL', 'PAGE_FULL']);
  });

  test('happens in a dry run too, and is not recorded', async () => {
    const id = await ours.open();
    const { decided, events } = await ours.deposit(id, '1.00', { dryRun: true });
    expect(decided.map(({ type }) => type)).toEqual(['CashDeposited', 'Noted', 'Noted']);
    expect(events).toEqual([]);
    expect(await typesInLog()).toEqual(['AccountOpened']);
  });
});

describe('a rejection', () => {
  const noteAndReject = (keepsEvents: boolean) =>
    command<{ readonly page: string }>(({ page }, context) => {
      context.record(pageDecider, page, { type: 'Noted', data: { note: 'refused' } });
      throw new Rejection('REFUSED', 'no', { page }, keepsEvents);
    });

  test('discards everything that its command has recorded', async () => {
    const result = await ours.submit(noteAndReject(false), { page });
    expect(result).toMatchObject({ rejection: { code: 'REFUSED' }, events: [] });
    expect(await typesInLog()).toEqual([]);
  });

  test('that keeps its events is recorded with them, and counts for later commands', async () => {
    const result = await ours.submit(noteAndReject(true), { page });
    expect(result).toMatchObject({
      rejection: { code: 'REFUSED', data: { page } },
      events: [{ type: 'Noted', streamId: `page-${page}`, version: 1 }],
      sequence: start + 1,
    });
    const [second, third] = await Promise.all([
      ours.submit(noteAndReject(true), { page }),
      ours.submit(noteAndReject(true), { page }),
    ]);
    expect([second?.events[0]?.version, third?.events[0]?.version]).toEqual([2, 3]);
  });

  test('that keeps its events is replayed under its key, and recorded once', async () => {
    const key = { idempotencyKey: newUuid() };
    const rejecting = noteAndReject(true);
    const all = await Promise.all(
      Array.from({ length: 5 }, () => ours.submit(rejecting, { page }, key)),
    );
    const later = await ours.submit(rejecting, { page }, key);
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const { rejection, events, sequence } of [...all, later]) {
      expect(rejection).toMatchObject({ code: 'REFUSED', message: 'no', data: { page } });
      expect([events.length, sequence]).toEqual([1, start + 1]);
    }
    expect(await typesInLog()).toEqual(['Noted']);
  });

  test('that keeps its events records nothing in a dry run', async () => {
    const result = await ours.submit(noteAndReject(true), { page }, { dryRun: true });
    expect(result).toMatchObject({ rejection: { code: 'REFUSED' }, events: [] });
    expect(await typesInLog()).toEqual([]);
  });
});

describe('an id', () => {
  const opening = (accountId: string | null) => ({ accountId, owner: 'ann', currency: 'USD' });

  test('that two commands of one process use is accepted for one of them', async () => {
    const accountId = newUuid();
    const results = await Promise.all(
      Array.from({ length: 8 }, () => ours.submit(openAccount, opening(accountId))),
    );
    const codes = results.map(({ rejection }) => rejection?.code ?? 'opened');
    expect(codes).toEqual(['opened', ...Array(7).fill('ACCOUNT_ALREADY_EXISTS')]);
  });

  test('that commands of two processes use is accepted for one of them', async () => {
    await withDatabase(testDatabase.url, async (database) => {
      const theirs = createTestProcess(database, options);
      try {
        for (let round = 0; round < 10; round += 1) {
          const accountId = newUuid();
          const results = await Promise.all(
            [ours, theirs].map(({ submit }) => submit(openAccount, opening(accountId))),
          );
          const codes = results.map(({ rejection }) => rejection?.code ?? 'opened');
          expect(codes.sort()).toEqual(['ACCOUNT_ALREADY_EXISTS', 'opened']);
        }
      } finally {
        await theirs.processor.stop();
      }
    });
  });

  test('that is new is not looked up in the log, and one from the client is', async () => {
    expect(await countLoads(() => ours.submit(openAccount, opening(null)))).toBe(0);
    expect(await countLoads(() => ours.submit(openAccount, opening(newUuid())))).toBe(1);
    expect(await typesInLog()).toEqual(['AccountOpened', 'AccountOpened']);
  });

  test('that is new stays the same when the handler runs again', async () => {
    const given: string[] = [];
    const twice = command<object>((_input, context) => {
      const id = context.newId();
      given.push(id);
      context.load(pageDecider, page);
      context.record(pageDecider, id, { type: 'Noted', data: { note: context.newId() } });
    });
    const { events } = await ours.submit(twice, {});
    expect(given).toEqual([given[0], given[0]]);
    expect(events).toMatchObject([{ streamId: `page-${given[0]}`, version: 1 }]);
    expect(events[0]?.data['note']).not.toBe(given[0]);
  });
});

test('streams that are prepared are loaded together', async () => {
  const reading = (isPrepared: boolean) =>
    command<{ readonly pages: readonly string[] }>(({ pages }, context) => {
      if (isPrepared) context.prepare(pageDecider, pages);
      const count = pages.map((page) => context.load(pageDecider, page).state);
      context.record(pageDecider, 'sum', { type: 'Noted', data: { note: String(count) } });
    });
  const pages = (name: string) => Array.from({ length: 6 }, (_, index) => `${name}${index}`);
  await ours.submit(reading(true), { pages: [] });
  const one = () => ours.submit(reading(true), { pages: pages('a') });
  expect(await countLoads(one)).toBe(1);
  expect(await countLoads(one)).toBe(0);
  const each = () => ours.submit(reading(false), { pages: pages('b') });
  expect(await countLoads(each)).toBe(6);
});
