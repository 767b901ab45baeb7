import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeBridge, readControl } from '../../src/bridges/control.ts';
import { BridgeParkedError, TargetError } from '../../src/bridges/errors.ts';
import type { CommandSource, InboundMessage } from '../../src/bridges/inbound/command-source.ts';
import { consume } from '../../src/bridges/inbound/consume.ts';
import {
  SubmitFailedError,
  type SubmitMutation,
} from '../../src/bridges/inbound/submit-mutation.ts';
import { readBridge, registerBridge } from '../../src/bridges/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.dispose());

const identity = { name: 'in', kind: 'model', direction: 'IN' } as const;
const bodyOf = (mutation: string): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ mutation, input: {} }));

/** Runs the bridge once, on the model of a source and of the commands. */
async function run(source: CommandSource, submit: SubmitMutation, stop = new AbortController()) {
  const { database: executor } = testDatabase;
  await registerBridge(executor, identity, null);
  const state = await readBridge(executor, identity.name);
  const asked = await readControl(executor, state.id);
  const bridge = {
    identity,
    actor: 'ann',
    map: undefined,
    source: { open: async () => source },
    submit,
  };
  const { signal } = stop;
  const term = { executor, state, asked, signal, endSignal: signal, onWorking() {} };
  await consume({ ...term, bridge, logger: silentLogger });
}

/** A source whose calls fail as the list says, before or after they have had their effect. */
function createModel(count: number, failures: readonly ('before' | 'after' | null)[]) {
  const messages = Array.from({ length: count }, (_, index): InboundMessage => {
    const mutation = index % 3 === 2 ? 'refused' : 'accepted';
    return { origin: String(index), idempotencyKey: String(index), body: bodyOf(mutation) };
  });
  const outcomes: string[] = [];
  const deadLetters = new Set<string>();
  const stop = new AbortController();
  let acknowledged = 0;
  let calls = 0;

  async function failing<T>(effect: () => T): Promise<T> {
    const failure = failures[calls] ?? null;
    calls += 1;
    await nextTurn();
    if (failure === 'before') throw new Error('no answer');
    const result = effect();
    if (failure === 'after') throw new Error('the answer was lost');
    return result;
  }
  function open(): CommandSource {
    let read = acknowledged;
    return {
      next: () =>
        failing(() => {
          if (acknowledged === count) stop.abort();
          const batch = messages.slice(read, read + 4);
          read += batch.length;
          return batch;
        }),
      acknowledge: (done) =>
        failing(() => {
          for (const { origin } of done) {
            expect(Number(origin)).toBe(acknowledged);
            expect(outcomes).toContain(origin);
            expect(deadLetters.has(origin)).toBe(acknowledged % 3 === 2);
            acknowledged += 1;
          }
        }),
      deadLetter: ({ origin }) => failing(() => void deadLetters.add(origin)),
      waiting: async () => count - acknowledged,
      close: async () => {},
    };
  }
  let turn: Promise<unknown> = Promise.resolve();
  const submit: SubmitMutation = ({ mutation, idempotencyKey, signal }) => {
    const before = turn;
    const answer = before.then(() =>
      failing(() => {
        if (signal.aborted) throw new Error('stopped');
        if (!outcomes.includes(idempotencyKey)) outcomes.push(idempotencyKey);
        return mutation === 'refused'
          ? ({ kind: 'refused', code: 'NO', message: 'no' } as const)
          : ({ kind: 'accepted', sequence: 0, replayed: false } as const);
      }).catch((error: unknown) => {
        throw new SubmitFailedError('UNAVAILABLE', String(error), true);
      }),
    );
    turn = answer.catch(() => nextTurn());
    return answer;
  };
  return { open, submit, stop, outcomes, acknowledged: () => acknowledged };
}

const isAssertion = (cause: unknown): boolean =>
  cause instanceof Error && cause.name === 'AssertionError';

test('every message has its outcome in order, although every call may fail', async () => {
  const failure = fc.constantFrom('before', 'after', null, null, null);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.array(failure, { maxLength: 16 }),
      async (count, failures) => {
        const model = createModel(count, failures as never);
        while (!model.stop.signal.aborted) {
          await run(model.open(), model.submit, model.stop).catch((error: unknown) => {
            if (!(error instanceof TargetError)) throw error;
            // The bridge takes a failed assertion of the model for a failure of the source.
            if (isAssertion(error.cause)) throw error.cause;
          });
        }
        expect(model.outcomes).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
        expect(model.acknowledged()).toBe(count);
      },
    ),
    { numRuns: 30 },
  );
}, 120_000);

test('a bridge that is paused while a command has no outcome takes no more messages', async () => {
  const model = createModel(9, []);
  const source = model.open();
  let taken = 0;
  const counted: CommandSource = {
    ...source,
    next(signal) {
      taken += 1;
      return source.next(signal);
    },
  };
  const running = run(counted, async () => {
    throw new SubmitFailedError('UNAVAILABLE', 'away', true);
  });
  await until(() => taken === 1);
  await changeBridge(testDatabase.database, identity.name, 'pause');
  await running;
  expect({ taken, acknowledged: model.acknowledged() }).toEqual({ taken: 1, acknowledged: 0 });
  await changeBridge(testDatabase.database, identity.name, 'resume');
}, 30_000);

test('an error that does not pass parks the bridge at the message', async () => {
  const model = createModel(3, []);
  const running = run(model.open(), async () => {
    throw new SubmitFailedError('INTERNAL_SERVER_ERROR', 'Internal error', false);
  });
  await expect(running).rejects.toThrow(BridgeParkedError);
  await expect(running).rejects.toThrow('0 has no outcome yet: INTERNAL_SERVER_ERROR');
  expect(model.acknowledged()).toBe(0);
});
