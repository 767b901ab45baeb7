import { expect, test } from 'vitest';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import { entityIdOf, streamIdOf } from '../../src/kernel/decider.ts';
import {
  type EventDefinition,
  latestSchemaVersion,
  upcast,
} from '../../src/kernel/event-definition.ts';

const definition: EventDefinition = {
  description: 'Counted.',
  audience: 'LOG',
  fields: {},
  upcasters: [(data) => ({ ...data, two: true }), (data) => ({ ...data, three: true })],
};

test('the latest version is the number of upcasters plus one', () => {
  expect(latestSchemaVersion({ description: '', audience: 'LOG', fields: {} })).toBe(1);
  expect(latestSchemaVersion(definition)).toBe(3);
});

test('upcasting applies the steps from the stored version on and changes nothing in place', () => {
  const data = Object.freeze({ one: true });
  expect(upcast('Counted', definition, 1, data)).toEqual({ one: true, two: true, three: true });
  expect(upcast('Counted', definition, 2, data)).toEqual({ one: true, three: true });
  expect(upcast('Counted', definition, 3, data)).toBe(data);
});

test('data of a version later than the latest are an error', () => {
  expect(() => upcast('Counted', definition, 4, {})).toThrow(
    'Counted is stored as version 4; this program knows versions up to 3',
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
