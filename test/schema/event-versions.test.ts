import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type Files, lockFile, toEventVersions } from '../../event-versions.ts';
import { toDataSchema } from '../../src/bridges/message.ts';
import type { JsonObject } from '../../src/kernel/event.ts';
import {
  type EventDefinition,
  latestSchemaVersion,
  upcast,
} from '../../src/kernel/event-definition.ts';
import { decimal, integer, nullable, text } from '../../src/kernel/field.ts';
import { isSealed } from '../../src/kernel/personal.ts';
import {
  definitions,
  type EventExample,
  eventExamples,
  eventFiles,
} from '../support/event-examples.ts';

const files = eventFiles();
const examples = eventExamples();
const ajv = new Ajv2020({ allErrors: true, strict: true, keywords: ['x-schema-version'] });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);

/** What is wrong with data by the JSON Schema of a version; a sealed text is valid as the text. */
function faultsOf(type: string, schemaVersion: number, data: JsonObject): readonly unknown[] {
  const schema = JSON.parse(files[toDataSchema(type, schemaVersion)] ?? 'null');
  const opened = Object.entries(data).map(([name, value]) => [name, isSealed(value) ? '' : value]);
  const validate =
    ajv.getSchema(`${type} ${schemaVersion}`) ??
    ajv.compile({ ...schema, $id: `${type} ${schemaVersion}` });
  validate(Object.fromEntries(opened));
  const unknown = Object.keys(data).filter((name) => !Object.hasOwn(schema.properties, name));
  return [...(validate.errors ?? []), ...unknown];
}

const nameOf = ({ type, schemaVersion }: EventExample): string => `${type} ${schemaVersion}`;

describe('an example', () => {
  test('is valid by the JSON Schema of the version, and has no other member', () => {
    const faults = examples.flatMap((example) =>
      faultsOf(example.type, example.schemaVersion, example.data).map((fault) => [
        nameOf(example),
        fault,
      ]),
    );
    expect(faults).toEqual([]);
  });

  test('is upcast to data that is valid by the latest JSON Schema of its type', () => {
    const faults = examples.flatMap((example) => {
      const { type, definition, data } = upcast(
        definitions,
        example.type,
        example.schemaVersion,
        example.data,
      );
      const found = faultsOf(type, latestSchemaVersion(definition), data);
      return found.map((fault) => [nameOf(example), fault]);
    });
    expect(faults).toEqual([]);
  });

  test('has sealed texts since the version in which its fields became personal', () => {
    for (const { type, schemaVersion, data } of examples) {
      const { fields, personalSince = 1 } = definitions.get(type) as EventDefinition;
      for (const [name, { subjectOf }] of Object.entries(fields)) {
        const isText = typeof data[name] === 'string';
        if (schemaVersion < personalSince) expect(isSealed(data[name])).toBe(false);
        else if (subjectOf !== undefined) expect([type, name, isText]).toEqual([type, name, false]);
      }
    }
  });
});

test('a type that was split has examples that are read as each of its types, and as no other', () => {
  for (const [type, { splitInto = [] }] of definitions) {
    const own = examples.filter((example) => example.type === type);
    const read = own.map(({ schemaVersion, data }) =>
      upcast(definitions, type, schemaVersion, data),
    );
    const expected = [type, ...splitInto].sort();
    expect([...new Set(read.map((event) => event.type))].sort()).toEqual(expected);
  }
});

test('a deposit of shares is read with its exact cost', () => {
  const data = {
    symbol: 'X',
    quantity: '0.003',
    costPrice: '1.005',
    currency: 'USD',
    reference: null,
  };
  for (const version of [1, 2, 3]) {
    const { costPrice: _price, ...others } = data;
    const read = upcast(definitions, 'SharesDeposited', version, data);
    expect(read.data).toEqual({ ...others, cost: '0.003015' });
  }
});

test('the schemas, the examples and the lock belong together, and nothing else is there', () => {
  const { files: printed, faults } = toEventVersions(definitions, files);
  expect(faults).toEqual([]);
  for (const [name, content] of Object.entries(printed)) expect(files[name]).toBe(content);
  const lock: Record<string, Record<string, object>> = JSON.parse(files[lockFile] ?? '{}');
  const known = Object.entries(lock).flatMap(([type, versions]) =>
    Object.keys(versions).flatMap((version) => [
      `schema/events/${type}.v${version}.json`,
      `test/fixtures/events/${type}.v${version}.json`,
    ]),
  );
  expect(Object.keys(files).sort()).toEqual([...known, lockFile].sort());
});

describe('printing fails', () => {
  const accounts = new Map([...definitions].filter(([type]) => /^Cash|^Shares/.test(type)));
  const own = Object.fromEntries(
    Object.entries(files).filter(([name]) => /\/(Cash|Shares)\w+\.v/.test(name)),
  );
  const all: Readonly<Record<string, object>> = JSON.parse(files[lockFile] ?? '{}');
  const lock = Object.fromEntries(Object.entries(all).filter(([type]) => accounts.has(type)));
  const before: Files = { ...own, [lockFile]: `${JSON.stringify(lock, null, 2)}\n` };
  const held = accounts.get('CashHeld') as EventDefinition;
  const shares = accounts.get('SharesHeld') as EventDefinition;

  function faultsWith(changed: Record<string, EventDefinition>, existing: Files = before) {
    const merged = new Map([...accounts, ...Object.entries(changed)]);
    return toEventVersions(merged, existing).faults;
  }

  function without(name: string): Files {
    const { [name]: _gone, ...others } = before;
    return others;
  }

  const { amount: _amount, ...withoutAmount } = held.fields;
  test.each<[string, EventDefinition['fields']]>([
    ['was added', { ...held.fields, more: text('More.') }],
    ['was removed', withoutAmount],
    ['has another kind', { ...held.fields, amount: integer('The amount.') }],
    ['became nullable', { ...held.fields, amount: nullable(decimal('The amount.')) }],
  ])('if a field %s without a new version', (_how, fields) => {
    expect(faultsWith({ CashHeld: { ...held, fields } })).toEqual([
      'the fields of CashHeld version 2 have changed: put them back, and add an upcaster to a version 3',
    ]);
  });

  test('not if only a description or the order of fields has changed', () => {
    const fields = Object.fromEntries(Object.entries(held.fields).reverse());
    const changed = { ...held, description: 'Cash was held.', fields };
    expect(faultsWith({ CashHeld: changed })).toEqual([]);
  });

  test('if a version has no example or no schema, or an upcaster or a type is gone', () => {
    const newer = { ...shares, upcasters: [(data: JsonObject) => data] };
    expect(faultsWith({ SharesHeld: newer })).toEqual([
      'SharesHeld version 2 has no example: add test/fixtures/events/SharesHeld.v2.json',
    ]);
    expect(faultsWith({}, without('schema/events/CashHeld.v1.json'))).toEqual([
      'schema/events/CashHeld.v1.json is missing: restore it from Git',
    ]);
    const { upcasters: _upcasters, ...older } = held;
    expect(faultsWith({ CashHeld: older })).toContain(
      'CashHeld is in logs in version 2: add its upcaster',
    );
    const rest = new Map([...accounts].filter(([type]) => type !== 'CashHeld'));
    expect(toEventVersions(rest, before).faults).toEqual([
      'CashHeld is in logs: define it again, as a type of the past',
    ]);
  });

  test.each([1, 2])('if an example of version %i was changed or removed', (version) => {
    const name = `test/fixtures/events/CashHeld.v${version}.json`;
    const changed = (before[name] ?? '').replace('USD', 'EUR');
    expect(faultsWith({}, { ...before, [name]: changed })).toEqual([
      `${name} has changed: restore it from Git`,
    ]);
    expect(faultsWith({}, without(name))).toEqual([
      `CashHeld version ${version} has no example: add ${name}`,
    ]);
  });

  test('if the schema of an older version was changed, apart from its texts', () => {
    const name = 'schema/events/CashHeld.v1.json';
    const schema = before[name] ?? '';
    const described = schema.replace('The id of the order.', 'The order.');
    expect(faultsWith({}, { ...before, [name]: described })).toEqual([]);
    const changed = schema.replace('"orderId": {', '"order": {');
    expect(faultsWith({}, { ...before, [name]: changed })).toEqual([
      `${name} has changed: restore it from Git; only descriptions may change`,
    ]);
  });
});
