import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';

const file = path.resolve(import.meta.dirname, '../../schema/schema.graphql');
const schema = buildSchema(readFileSync(file, 'utf8'));
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

/**
 * What `Query.node` can return has nothing in common but its id. These fields have the names of
 * the trade, which are fixed.
 */
const exceptions: ReadonlySet<string> = new Set([
  'Node.name', // of an instrument, and of a person, who can be forgotten
  'Node.status', // of an account, and of an order
  'Node.type', // of an event, and of an order
  'Node.price', // of a trade, which always has one, and of an event
  'Node.marketValue', // of a portfolio, and of a position, whose instrument may have no price
  'Node.unrealizedPnl',
]);

function isNodeType(type: GraphQLNamedType | undefined): boolean {
  if (!isObjectType(type) && !isInterfaceType(type)) return false;
  return type.getInterfaces().some(({ name }) => name === 'Node');
}

function shapeOf({ type, args }: GraphQLField<unknown, unknown>): string {
  return `(${args.map((arg) => `${arg.name}: ${arg.type}`).join(', ')}): ${type}`;
}

/** The fields that have different types in the possible types of a union or an interface. */
function conflictsIn(type: GraphQLAbstractType): readonly string[] {
  const shapes = new Map<string, Map<string, string>>();
  for (const possible of schema.getPossibleTypes(type)) {
    for (const field of Object.values(possible.getFields())) {
      const known = shapes.get(field.name) ?? new Map<string, string>();
      known.set(shapeOf(field), possible.name);
      shapes.set(field.name, known);
    }
  }
  return [...shapes].filter(([, known]) => known.size > 1).map(([name]) => `${type.name}.${name}`);
}

test('fields of one name have one type wherever they can be selected together', () => {
  const conflicts = types.filter(isAbstractType).flatMap((type) => conflictsIn(type));
  expect(conflicts.sort()).toEqual([...exceptions].sort());
});

test('the argument that says which thing is meant is the first', () => {
  const fields = types.filter(isObjectType).flatMap((type) => Object.values(type.getFields()));
  const keys = /^(id|symbol|accountId)$/;
  const isKey = ({ name }: { readonly name: string }) => keys.test(name);
  const later = fields.filter(({ args: [first, ...others] }) => {
    return first !== undefined && !isKey(first) && others.some(isKey);
  });
  expect(later.map(({ name }) => name)).toEqual([]);
  const query = schema.getQueryType()?.getFields();
  const namesOf = (name: string) => query?.[name]?.args.map((arg) => arg.name);
  expect(namesOf('account')).toEqual(['id', 'asOf']);
  expect(namesOf('event')).toEqual(['id', 'sequence']);
  expect(namesOf('events')).toEqual(['filter', 'first', 'after', 'last', 'before', 'asOf']);
});

test('the node of an edge is a Node, unless it never changes', () => {
  const edges = types.filter(isObjectType).filter(({ name }) => name.endsWith('Edge'));
  expect(edges.length).toBeGreaterThan(5);
  const others = edges.flatMap((edge) => {
    const node = getNamedType(edge.getFields()['node']?.type);
    const isNode = node?.name === 'Node' || isNodeType(node);
    return isNode ? [] : [node?.name];
  });
  expect(others).toEqual(['CommandRecord', 'Contribution']);
});

test('a connection has paging arguments, unless the field above it has them', () => {
  const wrong = types.filter(isObjectType).flatMap((type) =>
    Object.values(type.getFields()).flatMap(({ name, args, type: shown }) => {
      const names = args.map((arg) => arg.name);
      const isPaged = names.includes('first') && names.includes('after');
      return getNamedType(shown).name.endsWith('Connection') && !isPaged ? [`${type}.${name}`] : [];
    }),
  );
  expect(wrong).toEqual(['Explanation.contributions']);
});

test('an id is the first field of its type', () => {
  const withId = types.filter(isObjectType).filter((type) => 'id' in type.getFields());
  const wrong = withId.filter((type) => Object.keys(type.getFields())[0] !== 'id');
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('a scalar names its specification, except Moment, which is either of two others', () => {
  const own = types.filter(isScalarType).filter((type) => !isSpecifiedScalarType(type));
  const bare = own.filter(({ specifiedByURL }) => !specifiedByURL?.startsWith('https://'));
  expect(bare.map(({ name }) => name)).toEqual(['Moment']);
});

test('no input is a choice of members: those would have @oneOf', () => {
  const choices = types.filter(isInputObjectType).filter((type) => {
    const text = `${type.description} ${Object.values(type.getFields()).map((f) => f.description)}`;
    return /exactly one|either/i.test(text);
  });
  expect(choices.filter(({ isOneOf }) => !isOneOf).map(({ name }) => name)).toEqual([]);
});

test('EventType has the name of every object type of an event', () => {
  const event = schema.getType('Event');
  const possible = event && isAbstractType(event) ? schema.getPossibleTypes(event) : [];
  const eventType = schema.getType('EventType')?.toConfig();
  const values = eventType && 'values' in eventType ? Object.keys(eventType.values) : [];
  expect(values.sort()).toEqual(possible.map(({ name }) => name).sort());
});
