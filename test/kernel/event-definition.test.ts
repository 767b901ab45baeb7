import { expect, test } from 'vitest';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { entityIdOf, streamIdOf } from '../../src/kernel/decider.ts';
import {
  becomes,
  type EventDefinition,
  latestSchemaVersion,
  storedTypesOf,
  upcast,
} from '../../src/kernel/event-definition.ts';

const definition: EventDefinition = {
  description: 'Counted.',
  audience: 'LOG',
  fields: {},
  upcasters: [(data) => ({ ...data, two: true }), (data) => ({ ...data, three: true })],
};

const definitions = new Map([['Counted', definition]]);

test('the latest version is the number of upcasters plus one', () => {
  expect(latestSchemaVersion({ description: '', audience: 'LOG', fields: {} })).toBe(1);
  expect(latestSchemaVersion(definition)).toBe(3);
});

test('upcasting applies the steps from the stored version on and changes nothing in place', () => {
  const data = Object.freeze({ one: true });
  const dataFrom = (version: number) => upcast(definitions, 'Counted', version, data).data;
  expect(dataFrom(1)).toEqual({ one: true, two: true, three: true });
  expect(dataFrom(2)).toEqual({ one: true, three: true });
  expect(dataFrom(3)).toBe(data);
});

test('data of a version later than the latest are an error', () => {
  expect(() => upcast(definitions, 'Counted', 4, {})).toThrow(
    'Counted is stored as version 4; this program knows versions up to 3',
  );
});

test('an upcaster may give an event another type, whose upcasters continue from version 1', () => {
  const moved: EventDefinition = {
    ...definition,
    upcasters: [
      (data) => ({ ...data, two: true }),
      ({ away, ...data }) => (away === true ? becomes('Counted', data) : { ...data, stayed: true }),
    ],
    splitInto: ['Counted'],
  };
  const both = new Map([...definitions, ['Moved', moved]]);
  expect(upcast(both, 'Moved', 1, { away: true })).toEqual({
    type: 'Counted',
    definition,
    data: { two: true, three: true },
  });
  const stayed = { type: 'Moved', definition: moved, data: { stayed: true } };
  expect(upcast(both, 'Moved', 2, { away: false })).toEqual(stayed);
  expect(storedTypesOf(both, ['Counted'])).toEqual(['Counted', 'Moved']);
  expect(storedTypesOf(both, ['Moved'])).toEqual(['Moved']);
  const older = { ...definition, splitInto: ['Moved'] };
  const types = storedTypesOf(new Map([...both, ['Older', older]]), ['Counted', 'Unheard']);
  expect(types).toEqual(['Counted', 'Unheard', 'Moved', 'Older']);
});

test('a type that is split into one of another context is an error', () => {
  const events = { Counted: { ...definition, splitInto: ['Moved'] } };
  const context = { name: 'a', deciders: [], views: [], events };
  expect(() => eventDefinitionsOf([context])).toThrow(
    'Counted is split into Moved, which its context does not define',
  );
});

test('two contexts that define the same event are an error', () => {
  const context = (name: string, ...types: string[]) => ({
    name,
    deciders: [],
    commands: [],
    views: [],
    events: Object.fromEntries(types.map((type) => [type, definition])),
  });
  const apart = [context('one', 'A', 'B'), context('two', 'C')];
  expect([...eventDefinitionsOf(apart).keys()]).toEqual(['A', 'B', 'C']);
  const clashing = [context('one', 'A'), context('two', 'A')];
  expect(() => eventDefinitionsOf(clashing)).toThrow('two contexts define the event A');
});

test('a category with a hyphen is an error of the program', () => {
  const context = { name: 'one', events: {}, deciders: [{ category: 'gift-card' }], views: [] };
  expect(() => eventDefinitionsOf([context])).toThrow('the category gift-card has a hyphen');
});

test('the id of an entity is the part of its stream id after the first hyphen', () => {
  const decider = { category: 'account' };
  for (const id of ['1', 'a-b-c', '']) expect(entityIdOf(streamIdOf(decider, id))).toBe(id);
});
