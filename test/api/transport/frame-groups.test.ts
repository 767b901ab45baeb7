import { buildSchema, type ExecutionArgs, type ExecutionResult, parse } from 'graphql';
import { beforeEach, expect, test } from 'vitest';
import { codedError } from '../../../src/api/errors.ts';
import {
  createFrameGroups,
  type FramedOperation,
  type FrameGroups,
} from '../../../src/api/transport/frame-groups.ts';

const schema = buildSchema('type Query { a: Int } type Subscription { a: Int }');
const document = parse('subscription { a }');

let executed: { readonly args: ExecutionArgs; readonly signal: AbortSignal }[];
let groups: FrameGroups;
beforeEach(() => {
  executed = [];
  groups = createFrameGroups((args) => {
    executed.push({ args, signal: (args.contextValue as { signal: AbortSignal }).signal });
    return { data: { a: executed.length } };
  });
});

function operation(changes: Partial<FramedOperation> = {}): FramedOperation {
  return {
    schema,
    document,
    operationName: null,
    variableValues: {},
    source: 's',
    actor: 'ann',
    roles: ['CUSTOMER'],
    fields: 1,
    contextValue: { forFrames: (signal) => ({ signal }) as object },
    ...changes,
  };
}

test('a payload is executed once for all members, and they get the same frame object', async () => {
  const [first, second] = [groups.join(operation()), groups.join(operation())];
  const payload = {};
  expect(await first.frameOf(payload)).toBe(await second.frameOf(payload));
  expect(executed).toHaveLength(1);
  expect(executed[0]?.args.rootValue).toBe(payload);
});

test.each<[string, Partial<FramedOperation>]>([
  ['actor', { actor: 'bob' }],
  ['role', { roles: ['AUDITOR'] }],
  ['source', { source: 't' }],
  ['operation', { operationName: 'B' }],
  ['variables', { variableValues: { a: 1 } }],
  ['null apart from absent', { variableValues: { a: null } }],
])('members that differ in their %s share nothing', async (_what, changes) => {
  const members = [groups.join(operation()), groups.join(operation(changes))];
  const payload = {};
  for (const { frameOf } of members) await frameOf(payload);
  expect(groups.size()).toBe(2);
  expect(executed).toHaveLength(2);
});

test('variables in another order are the same variables', () => {
  groups.join(operation({ variableValues: { a: 1, b: 2 } }));
  groups.join(operation({ variableValues: { b: 2, a: 1 } }));
  expect(groups.size()).toBe(1);
});

test('a context that does not say how it can be shared is not shared', async () => {
  const contextValue = { signal: new AbortController().signal } as object;
  const members = [
    groups.join(operation({ contextValue })),
    groups.join(operation({ contextValue })),
  ];
  const payload = {};
  for (const { frameOf } of members) await frameOf(payload);
  expect(executed).toHaveLength(2);
});

test('only a few frames are remembered, and none for a single member', async () => {
  const first = groups.join(operation());
  const payloads = Array.from({ length: 17 }, () => ({}));
  await first.frameOf(payloads[0]);
  const second = groups.join(operation());
  await second.frameOf(payloads[0]);
  expect(executed).toHaveLength(2);
  for (const payload of payloads) await first.frameOf(payload);
  const before = executed.length;
  for (const payload of payloads.slice(1)) await second.frameOf(payload);
  expect(executed).toHaveLength(before);
  await second.frameOf(payloads[0]);
  expect(executed).toHaveLength(before + 1);
});

test('when its last member leaves, a group ends and aborts what it is executing', async () => {
  const [first, second] = [groups.join(operation()), groups.join(operation())];
  await first.frameOf({});
  first.leave();
  first.leave();
  expect(groups.size()).toBe(1);
  expect(executed[0]?.signal.aborted).toBe(false);
  second.leave();
  expect(groups.size()).toBe(0);
  expect(executed[0]?.signal.aborted).toBe(true);
});

test.each(['SEQUENCE_NOT_REACHED', 'VIEW_BUILDING', 'DATABASE_UNREACHABLE'])(
  'a frame that fails with %s is held back until it is complete',
  async (code) => {
    const passing = { data: { a: null }, errors: [codedError(code, 'not yet')] };
    const answers: ExecutionResult[] = [passing, passing, { data: { a: 1 } }];
    const { join } = createFrameGroups(() => answers.shift() ?? {});
    expect(await join(operation()).frameOf({})).toEqual({ data: { a: 1 } });
  },
);

test('a frame with a field that can never be read is an error', async () => {
  const errors = [codedError('SEQUENCE_NOT_REACHED', 'not yet'), codedError('VIEW_PARKED', 'no')];
  const { join } = createFrameGroups(() => ({ data: { a: null }, errors }));
  await expect(join(operation()).frameOf({})).rejects.toBe(errors[1]);
});

test('a frame that is held back ends when its last member leaves', async () => {
  const errors = [codedError('SEQUENCE_NOT_REACHED', 'not yet')];
  const { join } = createFrameGroups(() => ({ data: { a: null }, errors }));
  const member = join(operation());
  const held = member.frameOf({});
  member.leave();
  await expect(held).rejects.toMatchObject({ extensions: { code: 'ABORTED' } });
});
