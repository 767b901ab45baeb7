import {
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLSchema,
  isInputObjectType,
  isNonNullType,
  isRequiredInputField,
  parse,
  validate,
} from 'graphql';
import type { CommandFields } from '../bridges/setting-names.ts';

/** Finds the document that runs a command; null if the schema has no such command. */
export function createCommandDocuments(
  schema: GraphQLSchema,
): (mutation: string) => DocumentNode | null {
  const documents = new Map<string, DocumentNode>();
  for (const [mutation, input] of commandsOf(schema)) {
    const document = parse(
      `mutation ($input: ${input.name}!) { answer: ${mutation}(input: $input) {
        ... on CommandPayload { sequence replayed } ... on Error { code message } } }`,
    );
    const [fault] = validate(schema, document);
    if (fault !== undefined) throw fault;
    documents.set(mutation, document);
  }
  return (mutation) => documents.get(mutation) ?? null;
}

/**
 * The place of the message gives the key. Versions are numbers, which a mapping makes texts. A
 * message whose command is not recorded would be lost.
 */
const fieldsNotMapped: ReadonlySet<string> = new Set([
  'idempotencyKey',
  'expectedVersion',
  'dryRun',
]);

/** The input fields of each command that a mapping can set. */
export function commandFieldsOf(schema: GraphQLSchema): ReadonlyMap<string, CommandFields> {
  return new Map(
    [...commandsOf(schema)].map(([mutation, input]) => {
      const fields = Object.values(input.getFields()).filter(
        ({ name }) => !fieldsNotMapped.has(name),
      );
      const all = new Set(fields.map(({ name }) => name));
      const required = new Set(fields.filter(isRequiredInputField).map(({ name }) => name));
      return [mutation, { all, required }];
    }),
  );
}

/** The commands among the mutations, with the types of their inputs. */
function commandsOf(schema: GraphQLSchema): ReadonlyMap<string, GraphQLInputObjectType> {
  const commands = new Map<string, GraphQLInputObjectType>();
  for (const { name, args } of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const [arg] = args;
    if (args.length !== 1 || arg?.name !== 'input' || !isNonNullType(arg.type)) continue;
    const { ofType: input } = arg.type;
    if (isInputObjectType(input) && 'idempotencyKey' in input.getFields()) {
      commands.set(name, input);
    }
  }
  return commands;
}
