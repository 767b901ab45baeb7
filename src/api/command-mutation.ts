import type { FieldMap, InputFieldMap } from '@pothos/core';
import type { CommandResult } from '../commands/request.ts';
import {
  type CommandDefinition,
  type CommandOptions,
  IdempotencyKeyReused,
  VersionConflict,
} from '../kernel/command.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import { BadUserInput } from '../kernel/rejection.ts';
import { fromEpochMs, toEpochMs } from '../lib/date-time.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { ApiTypes, Builder } from './builder.ts';
import { toApiError } from './engine-errors.ts';
import { badInput } from './errors.ts';
import type { EventRef } from './event-types.ts';
import { addProposedEvent } from './proposed-event.ts';
import type { RejectionTypes } from './rejection-types.ts';
import type { RequestContext } from './request-context.ts';

/** An accepted command, as the fields of its payload see it. */
export interface CommandAnswer<Input> {
  readonly input: Input;
  readonly result: CommandResult;
  /** Right after the command: for a dry run the state that it would lead to. */
  readonly at: ReadPoint;
}

/** How a command becomes a mutation. */
export interface CommandMutation<Input> {
  readonly command: CommandDefinition<Input>;
  /** Its own input fields; those that every command has are added. */
  readonly input: (
    t: PothosSchemaTypes.InputFieldBuilder<ApiTypes, 'InputObject'>,
  ) => InputFieldMap;
  /** The command from its input fields; throws BAD_USER_INPUT. */
  readonly parse: (fields: never) => Input;
  /** Times in the command, beside its `occurredAt`, that may not be in the future. */
  readonly times?: (input: Input) => readonly string[];
  /** Its own payload fields; those that every payload has are added. */
  readonly payload: (
    t: PothosSchemaTypes.ObjectFieldBuilder<ApiTypes, CommandAnswer<Input>>,
  ) => FieldMap;
  /** Which of the options it does not have. */
  readonly without?: readonly ('expectedVersion' | 'occurredAt')[];
}
export interface CommandTypes {
  readonly event: EventRef;
  readonly rejection: RejectionTypes;
}

const sequenceDescription = `The log's head right after it: read at or after this to see it
  everywhere. In a dry run: the head on which it was decided.`.replace(/\s+/g, ' ');
const dryRunDescription =
  `Whether the command was only decided and nothing was recorded. Every field
  of the payload then shows the state that would be, or is refused. If \`replayed\`, every field shows
  the recorded answer.`.replace(/\s+/g, ' ');
const proposedDescription = `The events that a dry run would record, in order. Empty if there are
  none, if the dry run is \`replayed\`, and for any other command.`.replace(/\s+/g, ' ');
const wishDescription =
  `Decide and answer, but record nothing. The payload shows the state that would
  be, and the events in proposedEvents.`.replace(/\s+/g, ' ');

export function addCommands(builder: Builder, types: CommandTypes) {
  const proposedEvent = addProposedEvent(builder);
  const payloadInterface = builder
    .interfaceRef<CommandAnswer<unknown>>('CommandPayload')
    .implement({
      description: 'The answer to an accepted command.',
      fields: (t) => ({
        events: t.field({
          type: [types.event],
          description: 'What it recorded, in order; empty when it was already so.',
          resolve: ({ result }) => result.events,
        }),
        sequence: t.field({
          type: 'Sequence',
          description: sequenceDescription,
          resolve: ({ result }) => result.sequence,
        }),
        replayed: t.boolean({
          description: 'Whether this is the recorded answer of an earlier command of the same key.',
          resolve: ({ result }) => result.replayed,
        }),
        dryRun: t.boolean({
          description: dryRunDescription,
          resolve: ({ result }) => result.dryRun,
        }),
        proposedEvents: t.field({
          type: [proposedEvent],
          description: proposedDescription,
          resolve: ({ result }) => result.proposed,
        }),
      }),
    });

  return function addCommand<Input>(mutation: CommandMutation<Input>): void {
    const { command, without = [] } = mutation;
    const name = command.name.charAt(0).toUpperCase() + command.name.slice(1);
    const input = builder.inputType(`${name}Input`, {
      fields: (t) => ({
        ...mutation.input(t),
        idempotencyKey: t.string({
          description:
            'The same key with the same input gives the recorded answer, never a second effect.',
        }),
        ...(without.includes('expectedVersion')
          ? {}
          : { expectedVersion: t.int({ description: 'Of the stream that it names first.' }) }),
        dryRun: t.boolean({
          defaultValue: false,
          description: wishDescription,
        }),
        ...(without.includes('occurredAt')
          ? {}
          : {
              occurredAt: t.field({
                type: 'DateTime',
                description: `When it happened, if earlier than now. A time up to 5 seconds ahead of
                  the server's is taken as now; a later one is refused.`.replace(/\s+/g, ' '),
              }),
            }),
      }),
    });
    const payload = builder.objectRef<CommandAnswer<Input>>(`${name}Payload`).implement({
      interfaces: [payloadInterface],
      fields: (t) => mutation.payload(t),
    });
    const rejections = [...command.rejections, VersionConflict, IdempotencyKeyReused];
    const rejectionNames = new Map(rejections.map((rejection) => [rejection.code, rejection.name]));
    const result = builder.unionType(`${name}Result`, {
      types: [payload, ...rejections.map(types.rejection)],
      resolveType: (answer) =>
        isRejection(answer) ? rejectionNames.get(answer.code) : `${name}Payload`,
    });
    builder.mutationField(command.name, (t) =>
      t.field({
        type: result,
        description: command.description,
        args: { input: t.arg({ type: input, required: true }) },
        resolve: async (_root, args, context) => {
          const fields = args.input as CommandOptions;
          const parsed = mutation.parse(fields as never);
          const times = mutation.times?.(parsed) ?? [];
          const answer = await submit(context, command, parsed, { ...fields, times });
          const { rejection } = answer;
          if (rejection?.code === BadUserInput.code) badInput(rejection.message);
          return rejection ?? { input: parsed, result: answer, at: readPointAfter(answer) };
        },
      }),
    );
  };
}

export type AddCommand = ReturnType<typeof addCommands>;

/** A replayed dry run answers with what was recorded, as any replay. */
function readPointAfter({ dryRun, replayed, sequence, decided }: CommandResult): ReadPoint {
  return dryRun && !replayed ? { sequence, events: decided } : sequence;
}

async function submit<Input>(
  context: RequestContext,
  definition: CommandDefinition<Input>,
  input: Input,
  { times = [], ...fields }: CommandOptions & { readonly times?: readonly string[] },
): Promise<CommandResult> {
  const { idempotencyKey, expectedVersion, dryRun, occurredAt } = fields;
  if (idempotencyKey != null && (idempotencyKey === '' || idempotencyKey.length > keyLengthMax)) {
    badInput(`an idempotencyKey has 1 to ${keyLengthMax} characters`);
  }
  if (expectedVersion != null && expectedVersion < 0) {
    badInput('an expectedVersion is 0 or more');
  }
  try {
    await assertNotFuture(context, [occurredAt, ...times]);
    const result = await context.engine.processor.submit({
      definition,
      input,
      options: { idempotencyKey, expectedVersion, dryRun, occurredAt },
      actor: context.actor,
      correlationId: context.correlationId,
      causationId: null,
    });
    context.wrote(result.sequence);
    return result;
  } catch (error) {
    throw toApiError(error);
  }
}

const keyLengthMax = 200;

/** So far the clock of a client may be ahead of ours; what it calls now is then recorded as now. */
const aheadMaxMs = 5_000;

/** Throws BAD_USER_INPUT when a time is farther ahead of the log's clock than clocks may differ. */
async function assertNotFuture(
  { engine }: RequestContext,
  times: readonly (string | null | undefined)[],
): Promise<void> {
  const given = times.filter((time) => time != null);
  if (given.length === 0) return;
  const now = await engine.log.now();
  // The clock has milliseconds: all of the last one counts.
  const end = fromEpochMs(toEpochMs(now) + aheadMaxMs + 1);
  const future = given.find((time) => time >= end);
  if (future === undefined) return;
  const limit = `more than ${aheadMaxMs / 1_000} s ahead of the server's time`;
  badInput(`occurredAt ${future} is ${limit}, ${now}`);
}

function isRejection(answer: object): answer is RecordedRejection {
  return 'code' in answer;
}
