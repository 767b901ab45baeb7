import type { FieldMap, InputFieldMap } from '@pothos/core';
import { GraphQLError } from 'graphql';
import type { CommandResult } from '../commands/request.ts';
import {
  type CommandDefinition,
  type CommandOptions,
  Forbidden,
  IdempotencyKeyReused,
  VersionConflict,
} from '../kernel/command.ts';
import type { RecordedRejection } from '../kernel/log.ts';
import { BadUserInput } from '../kernel/rejection.ts';
import { oneLine } from '../lib/one-line.ts';
import type { ReadPoint } from '../views/read-point.ts';
import type { ApiTypes, Builder } from './builder.ts';
import { within } from './errors.ts';
import type { EventRef, EventTypeRef } from './event-types.ts';
import { addProposedEvent } from './proposed-event.ts';
import type { RejectionTypes } from './rejection-types.ts';
import { access } from './root-access.ts';
import { aheadMaxMs, type GivenTime, keyLengthMax, submitCommand } from './submit-command.ts';

/** An accepted command, as the resolvers of its payload receive it. */
export interface CommandAnswer<Input> {
  readonly input: Input;
  readonly result: CommandResult;
  /** The read point right after the command; for a dry run, with the events that it proposes. */
  readonly at: ReadPoint;
}

/** How a command becomes a mutation. */
interface CommandMutation<Input> {
  readonly command: CommandDefinition<Input>;
  /** The command's own input fields, without those that every command has. */
  readonly input: (
    t: PothosSchemaTypes.InputFieldBuilder<ApiTypes, 'InputObject'>,
  ) => InputFieldMap;
  /** Parses the input fields; throws BAD_USER_INPUT. */
  readonly parse: (fields: never) => Input;
  /** The times in the input, except `occurredAt`, that must not be in the future. */
  readonly times?: (input: Input) => readonly GivenTime[];
  /** The command's own payload fields, without those that every payload has. */
  readonly payload: (
    t: PothosSchemaTypes.ObjectFieldBuilder<ApiTypes, CommandAnswer<Input>>,
  ) => FieldMap;
  /** The common input fields that the command lacks. */
  readonly without?: readonly ('expectedVersion' | 'occurredAt')[];
}

/** The types that all mutations share. */
interface CommandTypes {
  readonly event: EventRef;
  readonly eventType: EventTypeRef;
  readonly rejection: RejectionTypes;
}

const eventsDescription = oneLine`The events that the command recorded and the actor may see, in
  order. Empty if there was nothing to change, or if this was a dry run and \`replayed\` is false.`;
const sequenceDescription = oneLine`The sequence number of the head of the log right after the
  command. A query as of this sequence number or a later one shows the result. In a dry run, it is
  the sequence number at which the command was decided.`;
const replayedDescription = oneLine`Whether this is the recorded answer to an earlier command with
  the same idempotency key.`;
const dryRunDescription = oneLine`Whether this was a dry run. Unless \`replayed\` is true, nothing
  was recorded, and every field of the payload shows the state that would result or fails with an
  error. If \`replayed\` is true, every field shows the recorded answer.`;
const proposedDescription = oneLine`The events that the dry run would record and the actor may see,
  in order. Empty if there are none, if \`replayed\` is true, or if this was not a dry run.`;

const keyDescription = oneLine`A key of 1 to ${keyLengthMax} characters that makes the command safe
  to send again: with the same input, the recorded answer is returned and nothing is recorded twice.
  With another command or input, the answer is IdempotencyKeyReusedError. Each actor has separate
  keys, and keys never expire. If omitted, each request is a new command.`;
const expectedVersionDescription = oneLine`The version that the stream of the account or instrument
  must have. For a transfer, this is the stream of the sending account. If the stream has another
  version, the command is rejected with VersionConflictError. If omitted, any version is accepted.`;
const dryRunInputDescription = oneLine`Whether to decide and answer the command without recording
  anything. The payload then shows the state that would result, and its proposedEvents lists the
  events.`;
const occurredAtDescription = oneLine`The time at which the fact happened, if it is earlier than
  now. A time up to ${aheadMaxMs / 1_000} seconds ahead of the server's time counts as now; a later
  time is a BAD_USER_INPUT error. If omitted, it is the time of recording.`;

/** Adds the types that all commands share; returns the function that adds a command's mutation. */
export function addCommands(builder: Builder, types: CommandTypes) {
  const payloadInterface = addCommandPayload(builder, types);

  return function addCommand<Input>(mutation: CommandMutation<Input>): void {
    const { command } = mutation;
    const name = command.name.charAt(0).toUpperCase() + command.name.slice(1);
    const payload = builder.objectRef<CommandAnswer<Input>>(`${name}Payload`).implement({
      description: `The answer to the \`${command.name}\` command if it was accepted.`,
      interfaces: [payloadInterface],
      fields: (t) => mutation.payload(t),
    });
    const rejections = [...command.rejections, Forbidden, VersionConflict, IdempotencyKeyReused];
    const rejectionNames = new Map(rejections.map((rejection) => [rejection.code, rejection.name]));
    const result = builder.unionType(`${name}Result`, {
      description: oneLine`The answer to the \`${command.name}\` command: its payload, or the reason
        why it was rejected.`,
      types: [payload, ...rejections.map(types.rejection)],
      resolveType: (answer) =>
        isRejection(answer) ? rejectionNames.get(answer.code) : `${name}Payload`,
    });
    const input = addInput(builder, mutation, `${name}Input`);
    builder.mutationField(command.name, (t) =>
      t.field({
        type: result,
        nullable: true,
        description: `${command.description} Allowed for ${command.right.holders}.`,
        extensions: access('COMMAND'),
        args: {
          input: t.arg({ type: input, required: true, description: 'The input of the command.' }),
        },
        resolve: async (_root, args, context) => {
          const fields = args.input as CommandOptions;
          const parsed = within('input', () => mutation.parse(fields as never));
          const times = mutation.times?.(parsed) ?? [];
          const answer = await submitCommand(context, command, parsed, { ...fields, times });
          const { rejection } = answer;
          if (rejection?.code === BadUserInput.code) throw toInputFault(rejection);
          return rejection ?? { input: parsed, result: answer, at: readPointAfter(answer) };
        },
      }),
    );
  };
}

function addCommandPayload(builder: Builder, { event, eventType }: CommandTypes) {
  const proposedEvent = addProposedEvent(builder, eventType);
  return builder.interfaceRef<CommandAnswer<unknown>>('CommandPayload').implement({
    description: 'The answer to a command that was accepted.',
    fields: (t) => ({
      events: t.field({
        type: [event],
        description: eventsDescription,
        resolve: async ({ result }, _args, { visibility }) => [
          ...(await visibility.events(result.events)),
        ],
      }),
      sequence: t.field({
        type: 'Sequence',
        description: sequenceDescription,
        resolve: ({ result }) => result.sequence,
      }),
      replayed: t.boolean({
        description: replayedDescription,
        resolve: ({ result }) => result.replayed,
      }),
      dryRun: t.boolean({
        description: dryRunDescription,
        resolve: ({ result }) => result.dryRun,
      }),
      proposedEvents: t.field({
        type: [proposedEvent],
        description: proposedDescription,
        resolve: async ({ result }, _args, { visibility }) => [
          ...(await visibility.proposed(result.proposed)),
        ],
      }),
    }),
  });
}

function addInput<Input>(
  builder: Builder,
  { command, input, without = [] }: CommandMutation<Input>,
  name: string,
) {
  return builder.inputType(name, {
    description: `The input of the \`${command.name}\` command.`,
    fields: (t) => ({
      ...input(t),
      idempotencyKey: t.string({ description: keyDescription }),
      ...(without.includes('expectedVersion')
        ? {}
        : { expectedVersion: t.int({ description: expectedVersionDescription }) }),
      dryRun: t.boolean({ defaultValue: false, description: dryRunInputDescription }),
      ...(without.includes('occurredAt')
        ? {}
        : { occurredAt: t.field({ type: 'DateTime', description: occurredAtDescription }) }),
    }),
  });
}

export type AddCommand = ReturnType<typeof addCommands>;

/** A replayed dry run shows what was recorded, as every replay does. */
function readPointAfter({ dryRun, replayed, sequence, decided }: CommandResult): ReadPoint {
  return dryRun && !replayed ? { sequence, events: decided } : sequence;
}

/** The error for malformed input that was detected while the command was decided. */
function toInputFault({ message, data: { member } }: RecordedRejection): GraphQLError {
  // Rejections that an earlier release recorded do not name the member.
  const inputPath = typeof member === 'string' ? ['input', member] : ['input'];
  return new GraphQLError(message, { extensions: { code: BadUserInput.code, inputPath } });
}

function isRejection(answer: object): answer is RecordedRejection {
  return 'code' in answer;
}
