import type { PendingEvent } from '../kernel/log.ts';
import { isSealed, keepSealed, type PersonalText } from '../kernel/personal.ts';
import { toCanonicalJson } from '../lib/canonical-json.ts';
import type { CommandRequest } from './request.ts';

/** The size of the JSON that is kept of one input. */
const inputBytesMax = 16 * 1024;
/** What the member `$truncated` may take of it. */
const noteBytesMax = 1024;

interface RecordedInput {
  /** A JSON object. */
  readonly text: string;
  /** False: members are missing. */
  readonly isWhole: boolean;
}

/**
 * The input of a command as it is recorded: canonical JSON of its members, with the options
 * `occurredAt` and `expectedVersion` if they were given. Every recorded input passes through here.
 *
 * A personal member is recorded as the command's events have it, sealed. If no event has it,
 * because the command was rejected or the person was forgotten, it is left out.
 *
 * An input of more than 16 KiB loses its largest members. The rest is a JSON object with the
 * member `$truncated`: the number of bytes of the whole, and the names of the members that it has
 * lost. No member of an input can have this name, because GraphQL allows no `$` in names.
 */
export function toInputJson(
  { definition, input: given, options }: CommandRequest,
  events: readonly PendingEvent[],
): RecordedInput {
  const input = withSealed(given, definition.personal, events);
  const { occurredAt, expectedVersion } = options;
  const isPlain = occurredAt == null && expectedVersion == null;
  const members: object = isPlain
    ? input
    : Object.assign({}, input, { occurredAt, expectedVersion });
  const text = toCanonicalJson(members);
  if (text.length * 3 <= inputBytesMax) return { text, isWhole: true };
  const bytes = Buffer.byteLength(text);
  if (bytes <= inputBytesMax) return { text, isWhole: true };
  return { text: truncate(members, bytes), isWhole: false };
}

function withSealed(
  input: object,
  personal: readonly string[] | undefined,
  events: readonly PendingEvent[],
): object {
  const given: Readonly<Record<string, unknown>> = { ...input };
  const names = personal?.filter((name) => given[name] != null) ?? [];
  if (names.length === 0) return input;
  const sealed = names.map((name) => [name, sealedIn(events, name)] as const);
  return { ...given, ...Object.fromEntries(sealed) };
}

function sealedIn(events: readonly PendingEvent[], name: string): PersonalText {
  for (const { id, data } of events) {
    const value = data[name];
    if (isSealed(value)) return keepSealed(value, id);
  }
  return null;
}

function truncate(members: object, bytes: number): string {
  const texts = Object.entries(members)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => ({ name, text: toCanonicalJson(value) }))
    .map((member) => ({ ...member, size: Buffer.byteLength(member.name + member.text) + 4 }))
    .sort((a, b) => a.size - b.size);
  let rest = inputBytesMax - noteBytesMax;
  const kept = texts.filter(({ size }) => {
    rest -= size;
    return rest >= 0;
  });
  const lost = texts.slice(kept.length).map(({ name }) => name);
  const note = toCanonicalJson({ bytes, members: fitting(lost.sort()) });
  const rows = kept
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, text }) => `${JSON.stringify(name)}:${text}`);
  return `{${[`"$truncated":${note}`, ...rows].join(',')}}`;
}

/** As many names as have room in the note. */
function fitting(names: readonly string[]): readonly string[] {
  let rest = noteBytesMax - 100;
  return names.filter((name) => {
    rest -= Buffer.byteLength(JSON.stringify(name)) + 1;
    return rest >= 0;
  });
}
