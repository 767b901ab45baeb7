import { buildSchema, getNamedType, isInputObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { cursorFields } from '../../src/client/cursor-field.ts';
import { readDocument } from '../../src/client/document-shape.ts';
import { addIdempotencyKeys, keylessMutations } from '../../src/client/idempotency-keys.ts';
import { passingCodes } from '../../src/client/retry.ts';
import { readFile } from '../architecture/sources.ts';

const schema = buildSchema(readFile('schema/schema.graphql').text);

describe('the shape of a document', () => {
  test.each([
    ['{ a }', 'query', null],
    ['query Q { a }', 'query', 'Q'],
    ['mutation ($a: I = {b: "}"}) @d(x: {y: 1}) { a }', 'mutation', null],
    ['# mutation { a }\nsubscription S { a }', 'subscription', 'S'],
    ['fragment F on mutation { query { a } } mutation M { a }', 'mutation', 'M'],
  ])('of %s has its kind and name', (text, kind, name) => {
    expect(readDocument(text)).toMatchObject({ kind, name, fields: [{ name: 'a' }] });
  });

  test('has the fields with their variables, whatever is nested in them', () => {
    const shape = readDocument(`mutation M($one: A!, $two: B!, $key: String) {
      first: deposit(input: $one) @include(if: $yes) { ... on P { input(input: $no) { b } } }
      withdraw(other: [{ a: "\\")" }], input: $two) { __typename }
      transfer(input: { a: """ } """, idempotencyKey: $key, b: { idempotencyKey: 1 } }) { c }
      literal(input: { idempotencyKey: "k" })
      bare
    }`);
    expect(shape?.hasFragments).toBe(false);
    const fields = shape?.fields.map(({ name, variables, inlineKey }) => [
      name,
      Object.fromEntries(variables),
      inlineKey,
    ]);
    expect(fields).toEqual([
      ['deposit', { input: 'one' }, null],
      ['withdraw', { input: 'two' }, null],
      ['transfer', {}, 'key'],
      ['literal', {}, ''],
      ['bare', {}, null],
    ]);
  });

  test.each(['{ ...F }', '{ ... on Mutation { a } }', '{ ... @include(if: $b) { a } }'])(
    'of mutation %s says that fragments add fields',
    (selection) => {
      expect(readDocument(`mutation ${selection}`)?.hasFragments).toBe(true);
    },
  );

  test.each(['', 'fragment F on T { a }', 'nothing', '"""', 'query', 'mutation {', '{ a(b: '])(
    'of %j is read without an exception',
    (text) => {
      expect(() => readDocument(text)).not.toThrow();
    },
  );
});

describe('idempotency keys', () => {
  const addTo = (text: string, variables: object, key?: string) => {
    const shape = readDocument(text);
    if (shape === null) throw new Error('no shape');
    return addIdempotencyKeys(shape, variables as Record<string, unknown>, key);
  };

  test('are put into each input that is a variable, and differ', () => {
    const given = { a: { amount: '1' }, b: { amount: '2' } };
    const keyed = addTo('mutation { x(input: $a) y(input: $b) }', given);
    expect(keyed.isRepeatable).toBe(true);
    const { a, b } = keyed.variables as Record<string, { idempotencyKey: string }>;
    expect(a).toEqual({ amount: '1', idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(b?.idempotencyKey).not.toBe(a?.idempotencyKey);
    expect(given).toEqual({ a: { amount: '1' }, b: { amount: '2' } });
  });

  test('of the caller are kept', () => {
    const variables = { a: { idempotencyKey: 'mine' } };
    expect(addTo('mutation { x(input: $a) }', variables)).toEqual({
      variables,
      isRepeatable: true,
    });
  });

  test('are put into a variable that an inline input has for them', () => {
    const text = 'mutation { x(input: { amount: "1", idempotencyKey: $key }) }';
    expect(addTo(text, {}, 'mine')).toEqual({ variables: { key: 'mine' }, isRepeatable: true });
  });

  test.each([
    'mutation { x(input: { amount: "1" }) }',
    'mutation { x }',
    'mutation { x(input: $a) y(input: $a) }',
    'mutation { x(input: $a) ...F }',
    'mutation { pauseBridge(input: $a) { __typename } }',
    'mutation { x(input: $absent) }',
  ])('cannot be put into every command of %s, so that it is not repeated', (text) => {
    expect(addTo(text, { a: {} }).isRepeatable).toBe(false);
  });

  test('that are given must have one command to go into', () => {
    expect(() => addTo('mutation { x(input: {}) }', {}, 'mine')).toThrow('pass the input');
    const two = 'mutation { x(input: $a) y(input: $b) }';
    expect(() => addTo(two, { a: {}, b: {} }, 'mine')).toThrow('one command');
  });
});

describe('what the client knows of the schema', () => {
  test('are the mutations whose inputs take no key', () => {
    const keyless = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(
      ({ args }) => {
        const type = args.find(({ name }) => name === 'input')?.type;
        const input = type && getNamedType(type);
        return !isInputObjectType(input) || input.getFields()['idempotencyKey'] === undefined;
      },
    );
    expect(keyless.map(({ name }) => name)).toEqual(keylessMutations);
  });

  test('are the subscriptions that resume after a cursor', () => {
    const resumed = Object.values(schema.getSubscriptionType()?.getFields() ?? {}).filter(
      ({ args }) => args.some(({ name }) => name === 'after'),
    );
    expect(cursorFields).toEqual(expect.arrayContaining(resumed.map(({ name }) => name)));
  });

  test('are the codes after which the documentation says to try again', () => {
    const rows = readFile('docs/operations.md').text.split('## Error codes')[1] ?? '';
    const retried = [...rows.matchAll(/^\| (`[^|]+) \|[^|]+\| ([^|]+) \|$/gm)]
      .filter(([, , cure = '']) => /retry|again after|send the command|wait/.test(cure))
      .flatMap(([, codes = '']) => [...codes.matchAll(/`(\w+)`/g)].map(([, code = '']) => code));
    expect([...passingCodes].sort()).toEqual(
      retried.filter((code) => code !== 'VIEW_PARKED').sort(),
    );
  });
});
