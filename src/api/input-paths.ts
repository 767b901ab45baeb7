import {
  type ASTNode,
  coerceInputValue,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  isInputType,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import { codeOf, type InputPath, literalKinds } from './errors.ts';

/** An operation that was executed, as far as its input matters. */
interface ExecutedInput {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Adds `extensions.inputPath` to validation errors at values in the arguments of a document. */
export function locateLiterals(errors: readonly GraphQLError[], document: DocumentNode): void {
  addPaths(errors, () => pathsOf(document.definitions));
}

/**
 * Adds `extensions.inputPath` to the errors of graphql-js for the variables and the arguments of an
 * operation. A value in a variable has the path in the argument in which the variable is used
 * first. Errors with a path stay as they are.
 */
export function locateInputs(errors: readonly GraphQLError[], input: ExecutedInput): void {
  const { document, definition } = input;
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  let paths: Paths | undefined;
  const pathsOnce = (): Paths => {
    paths ??= pathsOf([definition, ...fragments]);
    return paths;
  };
  addPaths(errors, pathsOnce);
  for (const variable of definition.variableDefinitions ?? []) {
    const ofVariable = errors.filter(({ nodes }) => nodes?.[0] === variable);
    if (ofVariable.length === 0) continue;
    const start = pathsOnce().variables.get(variable.variable.name.value) ?? [];
    const ends = faultsOf(variable, input, ofVariable.length);
    for (const [index, error] of ofVariable.entries()) {
      setPath(error, [...start, ...(ends[index] ?? [])]);
    }
  }
}

function addPaths(errors: readonly GraphQLError[], pathsOnce: () => Paths): void {
  for (const error of errors) {
    const node = error.nodes?.[0];
    if (node === undefined || 'inputPath' in error.extensions) continue;
    const isValue = literalKinds.has(node.kind) || node.kind === Kind.VARIABLE;
    if (!isValue || codeOf(error) !== 'BAD_USER_INPUT') continue;
    const path = pathsOnce().nodes.get(node);
    if (path === undefined) continue;
    setPath(error, node.kind === Kind.OBJECT ? [...path, ...missingIn(error.message)] : path);
  }
}

function setPath({ extensions }: GraphQLError, inputPath: InputPath): void {
  if (inputPath.length > 0) Object.assign(extensions, { inputPath });
}

interface Paths {
  readonly nodes: ReadonlyMap<ASTNode, InputPath>;
  /** The path in the arguments where each variable is used first. */
  readonly variables: ReadonlyMap<string, InputPath>;
}

/** The paths of all values in the arguments of some definitions. */
function pathsOf(definitions: readonly DefinitionNode[]): Paths {
  const nodes = new Map<ASTNode, InputPath>();
  const variables = new Map<string, InputPath>();

  function enter(value: ValueNode, path: InputPath): void {
    nodes.set(value, path);
    if (value.kind === Kind.VARIABLE && !variables.has(value.name.value)) {
      variables.set(value.name.value, path);
    }
    if (value.kind === Kind.LIST) {
      for (const [index, item] of value.values.entries()) enter(item, [...path, index]);
    }
    if (value.kind !== Kind.OBJECT) return;
    for (const field of value.fields) {
      const inner = [...path, field.name.value];
      nodes.set(field, inner);
      enter(field.value, inner);
    }
  }

  const defaults: VariableDefinitionNode[] = [];
  for (const definition of definitions) {
    visit(definition, {
      Argument: (node) => enter(node.value, [node.name.value]),
      VariableDefinition: (node) => void defaults.push(node),
    });
  }
  for (const { variable, defaultValue } of defaults) {
    if (defaultValue !== undefined) enter(defaultValue, variables.get(variable.name.value) ?? []);
  }
  return { nodes, variables };
}

/**
 * The paths of the first faults in the value of a variable, in the order in which graphql-js
 * reports them. It names them only in the text of its messages, which also repeats the value.
 */
function faultsOf(
  { variable, type: typeNode }: VariableDefinitionNode,
  { schema, variableValues }: ExecutedInput,
  faultsMax: number,
): readonly InputPath[] {
  const value = variableValues?.[variable.name.value];
  const type = typeFromAST(schema, typeNode);
  const paths: InputPath[] = [];
  if (value == null || !isInputType(type)) return paths;
  try {
    coerceInputValue(value, type, (path, _value, { message }) => {
      paths.push([...path, ...missingIn(message)]);
      // A large value can have thousands of faults, of which graphql-js reports the first.
      if (paths.length === faultsMax) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return paths;
}

const enough = new Error('all reported faults were found');

/** The member that is missing in an object, or unknown, according to a message of graphql-js. */
function missingIn(message: string): InputPath {
  const pattern = /^Field "(?:\w+\.)?(\w+)" (?:of required type|is not defined by type)/;
  const [, name] = pattern.exec(message) ?? [];
  return name === undefined ? [] : [name];
}
