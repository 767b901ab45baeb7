import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { expect, test } from 'vitest';
import { readFile } from './sources.ts';

const described = describedIn(readFile('schema/schema.graphql').text);

test('everything in the schema has a description', () => {
  const bare = described.filter(({ description }) => description === '');
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test('a description begins with a capital letter, or with code or a quote', () => {
  const wrong = described.filter(({ description }) => !/^(?:$|[A-Z`"'])/.test(description));
  expect(wrong).toEqual([]);
});

test('a description ends with a full stop', () => {
  expect(described.filter(({ description }) => !/^$|\.$/.test(description))).toEqual([]);
});

interface Described {
  readonly name: string;
  readonly description: string;
}

type Member = { readonly name: string; readonly description?: string | null | undefined };

/** All types, fields, arguments, enum values and directives of a schema with their descriptions. */
function describedIn(sdl: string): readonly Described[] {
  const schema = buildSchema(sdl);
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
  return [
    ...types.flatMap((type) => [toDescribed('', type), ...membersOf(type)]),
    ...schema.getDirectives().flatMap((directive) => withArguments('@', directive)),
  ];
}

function membersOf(type: GraphQLNamedType): readonly Described[] {
  const prefix = `${type.name}.`;
  if (isEnumType(type)) return type.getValues().map((value) => toDescribed(prefix, value));
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map((field) => toDescribed(prefix, field));
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => withArguments(prefix, field));
}

function withArguments(
  prefix: string,
  member: Member & { readonly args: readonly Member[] },
): readonly Described[] {
  const inner = `${prefix}${member.name}.`;
  return [toDescribed(prefix, member), ...member.args.map((arg) => toDescribed(inner, arg))];
}

function toDescribed(prefix: string, { name, description }: Member): Described {
  return { name: `${prefix}${name}`, description: description ?? '' };
}
