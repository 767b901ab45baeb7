import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairGate, type FairGate, type GateShare } from '../../src/lib/fair-gate.ts';

const limits = {
  runningMax: 4,
  runningOfHolderMax: 3,
  runningOfPartMax: 2,
  waitingOfHolderMax: 100,
};

/** Work that runs until it is released, and records the order in which it was started. */
function createWorks(gate: FairGate) {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    start(name: string, share: GateShare): Promise<void> {
      return gate.run(share, () => {
        started.push(name);
        return new Promise((resolve) => ends.set(name, resolve));
      });
    },
    async end(name: string): Promise<void> {
      ends.get(name)?.();
      await settled();
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function shareOf(holder: string, part: object = {}): GateShare {
  return { holder, part, isOver: () => false };
}

test('parts, holders and the gate have their limits, and others find capacity', async () => {
  const works = createWorks(createFairGate(limits));
  const one = shareOf('ann');
  for (const name of ['a1', 'a2', 'a3']) void works.start(name, one);
  for (const name of ['b1', 'b2']) void works.start(name, shareOf('ann'));
  expect(works.started).toEqual(['a1', 'a2', 'b1']);
  void works.start('bob', shareOf('bob'));
  void works.start('cid', shareOf('cid'));
  expect(works.started).toEqual(['a1', 'a2', 'b1', 'bob']);
  await works.end('a1');
  // Among those with capacity, it has waited the longest.
  expect(works.started.slice(4)).toEqual(['a3']);
  await works.end('bob');
  expect(works.started.slice(5)).toEqual(['cid']);
});

test('a later holder waits for one turn of each earlier one, not for all of its work', async () => {
  const one = { ...limits, runningMax: 1 };
  const works = createWorks(createFairGate(one));
  const [first, second] = [shareOf('ann'), shareOf('ann')];
  for (let count = 0; count < 50; count += 1) void works.start(`first ${count}`, first);
  for (let count = 0; count < 50; count += 1) void works.start(`second ${count}`, second);
  void works.start('bob', shareOf('bob'));
  for (let turn = 0; turn < 4; turn += 1) await works.end(works.started.at(-1) ?? '');
  expect(works.started).toEqual(['first 0', 'first 1', 'bob', 'second 0', 'first 2']);
});

test('work that is over before its turn never starts', async () => {
  const works = createWorks(createFairGate({ ...limits, runningMax: 1 }));
  let isOver = false;
  void works.start('running', shareOf('ann'));
  const gone = works.start('gone', { ...shareOf('bob'), isOver: () => isOver });
  const after = works.start('after', shareOf('bob'));
  isOver = true;
  const refused = expect(gone).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  await works.end('running');
  await refused;
  expect(works.started).toEqual(['running', 'after']);
  await works.end('after');
  await after;
});

test('work above the waiting limit of a holder is rejected, and that of others is not', async () => {
  const works = createWorks(createFairGate({ ...limits, runningMax: 1, waitingOfHolderMax: 2 }));
  for (const name of ['a1', 'a2', 'a3']) void works.start(name, shareOf('ann'));
  await expect(works.start('a4', shareOf('ann'))).rejects.toMatchObject({ code: 'OVERLOADED' });
  void works.start('bob', shareOf('bob'));
  await works.end('a1');
  await works.end('a2');
  expect(works.started).toEqual(['a1', 'a2', 'bob']);
});

test('work that throws lets the next work run', async () => {
  const gate = createFairGate({ ...limits, runningMax: 1 });
  const failing = gate.run(shareOf('ann'), () => Promise.reject(new Error('no')));
  const next = gate.run(shareOf('ann'), async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('all work runs once, and never more at once than the limits allow', async () => {
  const jobs = fc.array(fc.record({ holder: fc.nat(3), part: fc.nat(2), over: fc.boolean() }), {
    maxLength: 60,
  });
  const property = fc.asyncProperty(jobs, async (given) => {
    const gate = createFairGate(limits);
    const parts = new Map<string, object>();
    const running: string[] = [];
    let done = 0;
    const works = given.map(async ({ holder, part, over }) => {
      const name = `${holder} ${part}`;
      const of = parts.get(name) ?? {};
      parts.set(name, of);
      const work = gate.run({ holder: `${holder}`, part: of, isOver: () => over }, async () => {
        running.push(name);
        const ofHolder = running.filter((each) => each.startsWith(`${holder} `));
        expect(running.length).toBeLessThanOrEqual(limits.runningMax);
        expect(ofHolder.length).toBeLessThanOrEqual(limits.runningOfHolderMax);
        const ofPart = running.filter((each) => each === name);
        expect(ofPart.length).toBeLessThanOrEqual(limits.runningOfPartMax);
        await settled();
        running.splice(running.indexOf(name), 1);
        done += 1;
      });
      await work.catch((error: Error) => {
        if (error.name !== 'AbortError' || !over) throw error;
        done += 1;
      });
    });
    await Promise.all(works);
    expect(done).toBe(given.length);
  });
  await fc.assert(property, { numRuns: 100 });
});
