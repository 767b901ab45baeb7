import type { DocumentShape } from './document-shape.ts';
import { DaybookError } from './errors.ts';
import { newId } from './new-id.ts';

export type OperationVariables = Readonly<Record<string, unknown>>;

/** The variables of a mutation with the keys of its commands. */
export interface KeyedVariables {
  readonly variables: OperationVariables;
  /** Whether every command has a key, so that the mutation can be sent again. */
  readonly isRepeatable: boolean;
}

/** Mutations whose inputs take no key. A test compares the list with the schema. */
export const keylessMutations: readonly string[] = [
  'rebuildView',
  'pauseBridge',
  'resumeBridge',
  'retryBridge',
];

/**
 * Gives each command that has no idempotency key a new one. A command can get a key if its argument
 * `input` is a variable, or an object with `idempotencyKey: $variable`. Two commands that share one
 * variable get none: the second would count as a repetition of the first.
 */
export function addIdempotencyKeys(
  shape: DocumentShape,
  given: OperationVariables,
  ownKey: string | undefined,
): KeyedVariables {
  const variables: Record<string, unknown> = { ...given };
  const used = new Set<string>();
  let isRepeatable = !shape.hasFragments;
  let isOwnKeyUsed = false;

  function nextKey(): string {
    if (ownKey === undefined) return newId();
    if (isOwnKeyUsed) {
      const message = 'idempotencyKey is for one command: give each input its key';
      throw new DaybookError('INVALID_DOCUMENT', message);
    }
    isOwnKeyUsed = true;
    return ownKey;
  }

  for (const { name, variables: args, inlineKey } of shape.fields) {
    const inputName = args.get('input');
    const target = inputName ?? inlineKey;
    const isKeyless = target == null || keylessMutations.includes(name);
    const isShared = target != null && target !== '' && used.has(target);
    if (isKeyless || isShared) {
      isRepeatable = false;
      continue;
    }
    // A literal: the document has the key.
    if (target === '') continue;
    used.add(target);
    const value = variables[target];
    if (inputName === undefined) {
      variables[target] = value ?? nextKey();
    } else if (isInput(value)) {
      if (value['idempotencyKey'] == null)
        variables[target] = { ...value, idempotencyKey: nextKey() };
    } else {
      isRepeatable = false;
    }
  }
  if (ownKey !== undefined && !isOwnKeyUsed) {
    const message = 'idempotencyKey cannot be put into the input: pass the input as a variable';
    throw new DaybookError('INVALID_DOCUMENT', message);
  }
  return { variables, isRepeatable };
}

function isInput(value: unknown): value is OperationVariables {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
