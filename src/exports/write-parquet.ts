import { open } from 'node:fs/promises';
import path from 'node:path';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { LogValues } from './columns.ts';
import { ExportError, toFileError } from './errors.ts';
import { asDraft } from './write-durably.ts';

/** A column of a Parquet file. Its values are given as PostgreSQL prints them. */
export interface ParquetColumn {
  readonly name: string;
  /** A time has microseconds, in UTC. */
  readonly type: 'text' | 'integer' | 'bigint' | 'time';
  readonly isNullable?: boolean;
}

export interface ParquetContent {
  readonly columns: readonly ParquetColumn[];
  readonly rows: AsyncIterable<readonly LogValues[]>;
  /** What the file says of itself, as key and value. */
  readonly about: Readonly<Record<string, string>>;
}

/** How many rows are in memory together, and stored together. */
const groupRows = 20_000;

/**
 * Writes rows into a Parquet file, which is complete once it has its name; returns their number.
 * Throws `ExportError`.
 */
export async function writeParquet(
  file: string,
  { columns, rows, about }: ParquetContent,
): Promise<number> {
  return asDraft(path.dirname(file), path.basename(file), async (draft) => {
    const handle = await open(draft, 'w');
    try {
      const bytes = new ByteWriter();
      const writer = new ParquetWriter({
        writer: bytes,
        schema: toSchema(columns),
        createdBy: 'daybook',
        kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
      });
      let count = 0;
      for await (const group of inGroups(rows)) {
        await writer.write({ columnData: toColumns(columns, group), rowGroupSize: groupRows });
        await flush(handle, bytes);
        count += group.length;
      }
      await writer.finish();
      await flush(handle, bytes);
      await handle.sync();
      return count;
    } finally {
      await handle.close();
    }
  }).catch((error: unknown) => {
    throw toFileError(error, file);
  });
}

type Handle = Awaited<ReturnType<typeof open>>;

/** Moves what has been encoded to the file. */
async function flush(handle: Handle, bytes: ByteWriter): Promise<void> {
  await handle.writeFile(bytes.getBytes());
  bytes.index = 0;
}

async function* inGroups(
  rows: AsyncIterable<readonly LogValues[]>,
): AsyncGenerator<readonly LogValues[], void, undefined> {
  let waiting: LogValues[] = [];
  for await (const some of rows) {
    waiting.push(...some);
    while (waiting.length >= groupRows) {
      yield waiting.slice(0, groupRows);
      waiting = waiting.slice(groupRows);
    }
  }
  if (waiting.length > 0) yield waiting;
}

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];

function toSchema(columns: readonly ParquetColumn[]): Schema {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type, isNullable = false }) => ({
      name,
      repetition_type: isNullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
      ...stored[type],
    })),
  ];
}

/** How the values of each type are stored. */
const stored = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  integer: { type: 'INT32' },
  bigint: { type: 'INT64' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
} as const;

function toColumns(columns: readonly ParquetColumn[], rows: readonly LogValues[]) {
  return columns.map(({ name, type }, index) => ({
    name,
    data: rows.map((row) => {
      const value = row[index] ?? null;
      return value === null ? null : parsers[type](value);
    }),
  }));
}

const parsers: Readonly<Record<ParquetColumn['type'], (value: string) => unknown>> = {
  text: (value) => value,
  integer: Number,
  bigint: BigInt,
  time: toMicroseconds,
};

const printed = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;

/** A time in UTC as PostgreSQL prints it, in microseconds since 1970. */
function toMicroseconds(text: string): bigint {
  const [, day, time, fraction = ''] = printed.exec(text) ?? [];
  if (day === undefined) {
    throw new ExportError('UNUSABLE', `the time ${text} is not in the years 1 to 9999`);
  }
  return BigInt(Date.parse(`${day}T${time}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}
