import { serverRight } from '../../src/access/command-rights.ts';
import type { CommandDefinition } from '../../src/kernel/command.ts';
import type { BoundedContext } from '../../src/kernel/context.ts';
import type { Decider } from '../../src/kernel/decider.ts';
import type { EventOf, StoredEventOf } from '../../src/kernel/event-definition.ts';
import { dateTime, id, nullable } from '../../src/kernel/field.ts';
import type { ProcessManager } from '../../src/kernel/process-manager.ts';
import { reject } from '../../src/kernel/rejection.ts';

const key = id('What to be reminded of.');

const reminderEvents = {
  ReminderSet: {
    description: 'Somebody wants to be reminded, or not any more.',
    audience: 'LOG',
    fields: { key, dueAt: nullable(dateTime('When.')) },
  },
  Reminded: { description: 'It was time.', audience: 'LOG', fields: { key } },
} as const;

type ReminderEvent = EventOf<typeof reminderEvents>;
type StoredReminderEvent = StoredEventOf<typeof reminderEvents>;

const reminderDecider: Decider<number, ReminderEvent> = {
  category: 'reminder',
  version: 1,
  initial: 0,
  evolve: (count) => count + 1,
};

type ReminderInput = { readonly key: string };

export const setReminder: CommandDefinition<{
  readonly key: string;
  readonly dueAt: string | null;
}> = {
  name: 'setReminder',
  description: 'Sets, moves or clears a reminder.',
  right: serverRight,
  rejections: [],
  handle: (data, context) =>
    context.record(reminderDecider, data.key, { type: 'ReminderSet', data }),
};

const Unwanted = { name: 'UnwantedError', code: 'UNWANTED', description: 'No.', fields: { key } };

/**
 * Records an event each time it is decided, so that a test sees a command that takes effect twice.
 * A reminder `refused…` is rejected; a reminder `broken…` throws, as a fault of the program does.
 */
export const remind: CommandDefinition<ReminderInput> = {
  name: 'remind',
  description: 'Reminds, however often it has done so before.',
  right: serverRight,
  rejections: [Unwanted],
  handle(data, context) {
    if (data.key.startsWith('refused')) reject(Unwanted, 'not wanted', data);
    if (data.key.startsWith('broken')) throw new Error('remind is broken');
    context.record(reminderDecider, data.key, { type: 'Reminded', data });
  },
};

export const reminders: ProcessManager<ReminderInput> = {
  name: 'reminders',
  description: 'Reminds when it is time.',
  types: ['ReminderSet'],
  plan(event) {
    const { data } = event as StoredReminderEvent & { readonly type: 'ReminderSet' };
    return [{ key: data.key, dueAt: data.dueAt }];
  },
  due: ({ key }) => ({ definition: remind, input: { key } }),
};

/** A context of reminders with process managers. */
export function reminding(processManagers: readonly ProcessManager<ReminderInput>[]) {
  return {
    name: 'reminders',
    events: reminderEvents,
    deciders: [reminderDecider],
    views: [],
    processManagers,
  } satisfies BoundedContext;
}
