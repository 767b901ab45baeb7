import { expect } from 'vitest';
import type { CommandContext, CommandDefinition } from '../../src/kernel/command.ts';
import { type Decider, streamIdOf } from '../../src/kernel/decider.ts';
import type { NewEvent } from '../../src/kernel/event.ts';
import { Rejection } from '../../src/kernel/rejection.ts';
import { allRoles } from '../../src/kernel/role.ts';

/** An event of an entity, given or expected. */
export interface Fact {
  readonly id: string;
  readonly type: string;
  readonly data: object;
}

/** A history of events, without a log or a clock. */
export interface Scenario {
  /** The state of an entity. */
  stateOf<State, Event extends NewEvent>(decider: Decider<State, Event>, id: string): State;
  when<Input>(definition: CommandDefinition<Input>, input: Input): Answer;
}

export interface Answer {
  /** Expects the command to be accepted and to record exactly these events. */
  thenRecords(...facts: readonly Fact[]): void;
  thenIsRejected(code: string, data: object): void;
  readonly facts: readonly Fact[];
  readonly rejection: Rejection | null;
}

const start = Date.parse('2026-01-01T00:00:00.000Z');

/** A history of entities of one kind. */
export function given(facts: readonly Fact[]): Scenario {
  const stateAfter = <State, Event extends NewEvent>(
    decider: Decider<State, Event>,
    id: string,
    history: readonly Fact[],
  ) => {
    let state = decider.initial;
    let version = 0;
    for (const [index, fact] of history.entries()) {
      if (fact.id !== id) continue;
      version += 1;
      const at = new Date(start + index * 1_000).toISOString().replace('Z', '000Z');
      const place = { sequence: index + 1, version, streamId: streamIdOf(decider, id) };
      state = decider.evolve(state, { ...fact, ...place, recordedAt: at, occurredAt: at } as never);
    }
    return { state, version };
  };
  return {
    stateOf: (decider, id) => stateAfter(decider, id, facts).state,
    when(definition, input) {
      const recorded: Fact[] = [];
      let idCount = 0;
      const context: CommandContext = {
        caller: { actor: 'ann', roles: allRoles },
        now: '2026-01-02T00:00:00.000000Z',
        newId: () => {
          idCount += 1;
          return `new ${idCount}`;
        },
        load: (decider, id) => stateAfter(decider, id, [...facts, ...recorded]),
        holdsUntil: () => {},
        prepare: () => {},
        stepsMax: 1_000,
        stepsLeft: () => 1_000,
        spendSteps: () => {},
        hasPersonalKey: () => false,
        decideFirst: ({ definition: { name } }) => {
          throw new Error(`${name} must be decided first`);
        },
        record: (_decider, id, { type, data }) => {
          recorded.push({ id, type, data: data as object });
        },
      };
      const rejection = rejectionOf(() => {
        definition.right.assert(input, context);
        definition.handle(input, context);
      });
      return toAnswer(rejection, rejection === null ? recorded : []);
    },
  };
}

function rejectionOf(decide: () => void): Rejection | null {
  try {
    decide();
    return null;
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}

function toAnswer(rejection: Rejection | null, facts: readonly Fact[]): Answer {
  return {
    facts,
    rejection,
    thenRecords(...expected) {
      expect(rejection).toBeNull();
      expect(facts).toEqual(expected);
    },
    thenIsRejected(code, data) {
      expect(rejection).toMatchObject({ code, data });
      expect(rejection?.message).not.toBe('');
    },
  };
}
