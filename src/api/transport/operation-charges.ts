import { type GraphQLError, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { Caller } from '../../kernel/role.ts';
import type { ActorLimiter } from './actor-limiter.ts';

/** The work that an operation asks for. */
export interface OperationWork {
  /** The root fields of a mutation; 0 for other operations. */
  readonly commands: number;
  /** The fields that are resolved if every list is as long as requested. */
  readonly fields: number;
}

/** What operations take from the rates of their actors. */
export interface Charges {
  /** Charges for an operation; returns RATE_LIMITED if it may not be executed now. */
  forOperation(
    definition: OperationDefinitionNode,
    work: OperationWork,
    caller: Caller,
  ): GraphQLError | null;
  /** Returns what charges for the check of a document that the server has not seen recently. */
  forCheck(caller: Caller): (source: string) => GraphQLError | null;
  /** Charges for a request that is answered with errors; returns them, or RATE_LIMITED. */
  forErrors(errors: readonly GraphQLError[], caller: Caller): readonly GraphQLError[];
}

/**
 * The cost of an operation in addition to its fields. A unit is about the time in which one field
 * is resolved.
 */
const operationCost = 50;
/** As many characters of a document are parsed and validated in about the time of a unit. */
const charactersPerUnit = 4;

/** The frames of a subscription are charged one by one, so its beginning costs no fields. */
export function createCharges(limiter: ActorLimiter): Charges {
  return {
    forOperation({ operation }, { commands, fields }, caller) {
      const isSubscription = operation === OperationTypeNode.SUBSCRIPTION;
      const busy = limiter.busy(caller, isSubscription ? 'subscriptions' : 'operations');
      if (busy !== null) return busy;
      const cost = operationCost + (isSubscription ? 0 : fields);
      return limiter.charge(caller, { commands, cost });
    },
    forCheck: (caller) => (source) => {
      const cost = Math.ceil(source.length / charactersPerUnit);
      return limiter.charge(caller, { commands: 0, cost });
    },
    forErrors(errors, caller) {
      const refusal = limiter.charge(caller, { commands: 0, cost: operationCost });
      return refusal === null ? errors : [refusal];
    },
  };
}
