import type { LogRow, LogValues } from './columns.ts';
import { toIsoTime, toPrintedTime } from './times.ts';

/**
 * The JSON line of a row, without the newline. Its last member is the JSON text that was recorded,
 * byte for byte: `data` of an event, `rejection` of an outcome, `records` of a batch. A text with a
 * line break is a string, and its member ends with `Text`. An outcome without a rejection has no
 * such member.
 */
export function toJsonLine(row: LogRow): string {
  if (row.kind === 'event') return toEventLine(row.values, row.hash);
  if (row.kind === 'outcome') return toOutcomeLine(row.values, row.recordedAt);
  const [recordedAt, first, count, id, size, records = null] = row.values;
  return (
    `{"kind":"batch","recordedAt":${time(recordedAt)},"firstSequence":${first},` +
    `"eventCount":${count},"batchId":"${id}","size":${size},"terms":[${row.terms}],` +
    `"hash":"${row.hash}"${raw('records', records)}}`
  );
}

function toEventLine(values: LogValues, hash: string): string {
  const [sequence, stream, version, id, type, schema, recorded, occurred, ...more] = values;
  const [actor = null, command, correlation = null, causation = null, data = null] = more;
  return (
    `{"kind":"event","sequence":${sequence},"streamId":${quote(stream)},"version":${version},` +
    `"id":"${id}","type":${quote(type)},"schemaVersion":${schema},` +
    `"recordedAt":${time(recorded)},"occurredAt":${time(occurred)},"actor":${quote(actor)},` +
    `"commandId":"${command}","correlationId":${quote(correlation)},` +
    `"causationId":${quote(causation)},"hash":"${hash}"${raw('data', data)}}`
  );
}

function toOutcomeLine(values: LogValues, recordedAt: string): string {
  const [actor, key, fingerprint, command, sequence, count, rejection = null] = values;
  return (
    `{"kind":"outcome","recordedAt":${time(recordedAt)},"actor":${quote(actor)},` +
    `"idempotencyKey":${quote(key)},"fingerprint":${quote(fingerprint)},` +
    `"commandId":"${command}","sequence":${sequence},"eventCount":${count}` +
    `${raw('rejection', rejection)}}`
  );
}

const quote = (value: string | null | undefined): string => JSON.stringify(value ?? null);
const time = (value: string | null | undefined): string => quote(toIsoTime(value ?? ''));

function raw(name: string, text: string | null): string {
  if (text === null) return '';
  return /[\n\r]/.test(text) ? `,"${name}Text":${JSON.stringify(text)}` : `,"${name}":${text}`;
}

type Members = Readonly<Record<string, unknown>>;

/** The inverse of `toJsonLine`. Throws if the line is not one of those. */
export function parseJsonLine(line: string): LogRow {
  if (line.startsWith('{"kind":"event"')) {
    const { members, text } = split(line, 'data');
    return { kind: 'event', values: eventValues(members, text), hash: textOf(members['hash']) };
  }
  if (line.startsWith('{"kind":"outcome"')) {
    const { members, text } = split(line, 'rejection');
    const recordedAt = timeOf(members['recordedAt']);
    return { kind: 'outcome', values: outcomeValues(members, text), recordedAt };
  }
  if (line.startsWith('{"kind":"batch"')) {
    const { members, text } = split(line, 'records');
    const { terms } = members;
    if (!Array.isArray(terms)) throw new SyntaxError('the line has no terms');
    const values = batchValues(members, text);
    return { kind: 'batch', values, hash: textOf(members['hash']), terms: terms.map(wholeOf) };
  }
  throw new SyntaxError('the line is not of a row of the log');
}

/** Cuts out the exact text of the last member: a quote within a string has a backslash. */
function split(line: string, name: string): { readonly members: Members; readonly text: unknown } {
  const mark = `,"${name}":`;
  const at = line.indexOf(mark);
  if (at < 0) {
    const members = JSON.parse(line) as Members;
    return { members, text: members[`${name}Text`] ?? null };
  }
  if (!line.endsWith('}')) throw new SyntaxError('the line is cut');
  const members = JSON.parse(`${line.slice(0, at)}}`) as Members;
  return { members, text: line.slice(at + mark.length, -1) };
}

function eventValues(members: Members, text: unknown): LogValues {
  const { causationId } = members;
  return [
    numberOf(members['sequence']),
    textOf(members['streamId']),
    numberOf(members['version']),
    textOf(members['id']),
    textOf(members['type']),
    numberOf(members['schemaVersion']),
    timeOf(members['recordedAt']),
    timeOf(members['occurredAt']),
    textOf(members['actor']),
    textOf(members['commandId']),
    textOf(members['correlationId']),
    causationId === null ? null : textOf(causationId),
    textOf(text),
  ];
}

function outcomeValues(members: Members, text: unknown): LogValues {
  return [
    textOf(members['actor']),
    textOf(members['idempotencyKey']),
    textOf(members['fingerprint']),
    textOf(members['commandId']),
    numberOf(members['sequence']),
    numberOf(members['eventCount']),
    text === null ? null : textOf(text),
  ];
}

function batchValues(members: Members, text: unknown): LogValues {
  return [
    timeOf(members['recordedAt']),
    numberOf(members['firstSequence']),
    numberOf(members['eventCount']),
    textOf(members['batchId']),
    numberOf(members['size']),
    textOf(text),
  ];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new SyntaxError('a member that should be a text is missing');
}

const timeOf = (value: unknown): string => toPrintedTime(textOf(value));
const numberOf = (value: unknown): string => String(wholeOf(value));

function wholeOf(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new SyntaxError('a member that should be a whole number is missing');
}
