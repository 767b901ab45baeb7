import { parseArgs } from 'node:util';
import { UsageError } from '../import/errors.ts';
import { type Moment, parseMoment } from '../kernel/moment.ts';

/** What `daybook archive` does: it moves events to files, or fetches them back. */
export type ArchiveSettings =
  | { readonly kind: 'archive'; readonly before: Moment; readonly directory: string }
  | { readonly kind: 'restore'; readonly directory: string };

/** The options and their descriptions, for the help text. */
export const archiveOptions: readonly (readonly [string, string])[] = [
  ['--before <moment>', 'Archive the events up to a sequence or an RFC 3339 time'],
  ['--out <directory>', 'The directory of the files, which later archives add to'],
  ['--restore', 'Fetch archived events back instead'],
  ['--in <directory>', 'With --restore: the directory of the files'],
];

const text = { type: 'string' } as const;

/** Reads the settings from the arguments, which include the command's name. Throws `UsageError`. */
export function readArchiveSettings(args: readonly string[]): ArchiveSettings {
  const { before, out, in: source, restore } = parse(args);
  if (restore === true) {
    if (before !== undefined || out !== undefined) {
      throw new UsageError('--restore needs --in, and neither --before nor --out');
    }
    return { kind: 'restore', directory: required(source, '--in') };
  }
  if (source !== undefined) throw new UsageError('--in needs --restore');
  const moment = parseMoment(required(before, '--before'));
  if (moment === null) {
    throw new UsageError(`--before must be a sequence or an RFC 3339 time, not ${before}`);
  }
  return { kind: 'archive', before: moment, directory: required(out, '--out') };
}

function parse(args: readonly string[]) {
  const options = { before: text, out: text, in: text, restore: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: args.slice(1), options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(value: string | undefined, option: string): string {
  if (value !== undefined && value.trim() !== '') return value;
  const what = option === '--before' ? 'a sequence or a time' : 'the directory of the files';
  throw new UsageError(`${option} is missing: give ${what}`);
}
