import type { JsonObject } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Recording, SubjectOf } from '../kernel/personal.ts';
import type { KnownKey } from '../personal/data-keys.ts';
import { seal } from '../personal/seal.ts';

/** The data keys of people, as deciding uses them. */
export interface PersonalKeys {
  /** Undefined if it has to be loaded first. */
  known(subject: string): KnownKey | undefined;
}

/** Thrown to abort the handler, which runs again once the key is loaded; not a failure. */
export class KeysNeeded {
  constructor(
    readonly subject: string,
    /** Whether the key is created if it is absent. */
    readonly creates: boolean,
  ) {}
}

interface Sealing {
  readonly id: string;
  readonly keys: PersonalKeys;
  /** False in a dry run: its events stay in memory, and create no keys. */
  readonly isKept: boolean;
  readonly recording: Recording;
}

/** The data of an event as it is recorded. */
interface SealedData {
  readonly data: JsonObject;
  /** Whether a member is sealed. */
  readonly hasSealed: boolean;
}

/**
 * Seals the personal members of an event that is being recorded. The text of a person who was
 * forgotten is not kept. Throws `KeysNeeded`.
 */
export function sealData(
  definition: EventDefinition,
  data: JsonObject,
  { id, keys, isKept, recording }: Sealing,
): SealedData {
  let sealed: Record<string, JsonObject[string]> | null = null;
  let hasSealed = false;
  for (const [field, subjectOf] of personalFieldsOf(definition)) {
    const text = data[field];
    if (typeof text !== 'string') continue;
    const subject = subjectOf(recording);
    const known = keys.known(subject);
    if (known === undefined || (isKept && known.kind === 'ABSENT')) {
      throw new KeysNeeded(subject, isKept);
    }
    if (known.kind === 'ABSENT' || (known.kind === 'KEY' && !isKept)) continue;
    sealed ??= { ...data };
    if (known.kind === 'ERASED') sealed[field] = null;
    else {
      sealed[field] = seal(known.key, text, { subject, event: id, field });
      hasSealed = true;
    }
  }
  return { data: sealed ?? data, hasSealed };
}

type PersonalFields = readonly (readonly [string, SubjectOf])[];

const known = new WeakMap<EventDefinition, PersonalFields>();

/** Found once for each definition, because most events have none. */
function personalFieldsOf(definition: EventDefinition): PersonalFields {
  const found = known.get(definition);
  if (found !== undefined) return found;
  const fields = Object.entries(definition.fields).flatMap(([name, { subjectOf }]) =>
    subjectOf === undefined ? [] : [[name, subjectOf] as const],
  );
  known.set(definition, fields);
  return fields;
}
