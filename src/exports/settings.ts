import { parseArgs } from 'node:util';
import { UsageError } from '../import/errors.ts';

/** What `daybook export` writes, and where. */
export type ExportSettings =
  | { readonly format: 'jsonl'; readonly directory: string; readonly after: number | null }
  | ({ readonly format: 'parquet' } & ParquetSettings);

export interface ParquetSettings {
  readonly file: string;
  /** The view whose documents are exported. Null: the events are. */
  readonly view: string | null;
  /** A sequence or a time. Null: now. */
  readonly asOf: string | null;
}

/** The options of each command and their descriptions, for the help text. */
export const exportOptions: readonly (readonly [string, string])[] = [
  ['--out <path>', 'The directory of the export; with --format parquet, the file'],
  ['--after <sequence>', 'Export only the events after this one, into another directory'],
  ['--format <format>', 'jsonl, which can be imported again, or parquet (default: jsonl)'],
  ['--view <name>', 'With parquet: the documents of a view instead of the events'],
  ['--as-of <moment>', 'With parquet: as of a sequence or an RFC 3339 time (default: now)'],
];
export const importLogOptions: readonly (readonly [string, string])[] = [
  ['--in <directory>', 'The directory of the export'],
];
export const drillOptions: readonly (readonly [string, string])[] = [
  ['--from <directory>', 'The export to restore (default: one that the drill makes)'],
  ['--dump <file>', 'Restore this file of pg_dump instead, with pg_restore or psql'],
  ['--archive <directory>', 'The archived events (default: DAYBOOK_ARCHIVE_DIR)'],
  ['--json', 'Print the result as JSON'],
];

const text = { type: 'string' } as const;

/** Reads the settings from the arguments, which include the command's name. Throws `UsageError`. */
export function readExportSettings(args: readonly string[]): ExportSettings {
  const options = { out: text, after: text, format: text, view: text, 'as-of': text };
  const values = parse(args, options);
  const { after, view, format = 'jsonl', 'as-of': asOf } = values;
  const out = required(values.out, '--out', 'a directory, or a file for parquet');
  if (format === 'parquet') {
    if (after !== undefined) throw new UsageError('--after is not for parquet: use --as-of');
    return { format, file: out, view: view ?? null, asOf: asOf ?? null };
  }
  if (format !== 'jsonl') throw new UsageError(`--format must be jsonl or parquet, not ${format}`);
  if (view !== undefined || asOf !== undefined) {
    throw new UsageError('--view and --as-of need --format parquet');
  }
  return { format, directory: out, after: after === undefined ? null : toSequence(after) };
}

/** The directory of the export to import. Throws `UsageError`. */
export function readImportDirectory(args: readonly string[]): string {
  return required(parse(args, { in: text }).in, '--in', 'the directory of an export');
}

export interface DrillSettings {
  readonly from: string | null;
  readonly dump: string | null;
  /** The directory of archived events; null: that of the settings, if there is one. */
  readonly archive: string | null;
  readonly isJson: boolean;
}

/** Reads the settings of a drill. Throws `UsageError`. */
export function readDrillSettings(args: readonly string[]): DrillSettings {
  const options = { from: text, dump: text, archive: text, json: { type: 'boolean' } } as const;
  const { from = null, dump = null, archive = null, json = false } = parse(args, options);
  if (from !== null && dump !== null) throw new UsageError('use either --from or --dump');
  return { from, dump, archive, isJson: json };
}

function parse<
  Options extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>,
>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: args.slice(1), options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(value: string | undefined, option: string, what: string): string {
  if (value !== undefined && value.trim() !== '') return value;
  throw new UsageError(`${option} is missing: give ${what}`);
}

function toSequence(value: string): number {
  const sequence = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(sequence)) return sequence;
  throw new UsageError(`--after must be a sequence number, not ${value}`);
}
