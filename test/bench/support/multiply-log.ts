import pg from 'pg';

/**
 * Replaces the log of a database by copies of itself: each has other ids, another symbol, and times
 * before those of the next, so that a small market becomes a long log of many. Views and snapshots
 * are removed. No server may run on the database.
 */
export async function multiplyLog(
  url: string,
  { symbol, events }: { readonly symbol: string; readonly events: number },
  onProgress: (events: number) => void,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c TimeZone=UTC -c DateStyle=ISO -c session_replication_role=replica',
  });
  await client.connect();
  try {
    for (const text of prepare) await client.query(text);
    const { rows } = await client.query('select max(sequence)::integer as size from small_log');
    const size = Number(rows[0]?.size);
    const copies = Math.ceil(events / size);
    await client.query(partitions, [copies * size]);
    for (let copy = 0; copy < copies; copy += 1) {
      await client.query(insertCopy, [copy, copies, size, symbol]);
      if (copy % 10 === 9) onProgress((copy + 1) * size);
    }
    for (const text of finish) await client.query(text);
  } finally {
    await client.end();
  }
}

const emptied = [
  'events',
  'command_batches',
  'command_terms',
  'command_outcomes',
  'stream_snapshots',
  'view_documents',
  'view_document_packs',
  'view_entries',
  'view_entry_packs',
  'view_blocks',
  'view_partitions',
  'view_checksums',
  'views',
  'consumer_timers',
];

const prepare = [
  'create table small_log as select * from events order by sequence',
  ...emptied.map((name) => `truncate ${name} cascade`),
  // A UUID keeps its last 24 digits, and its first 8 are the number of the copy.
  `create function in_copy(text, text, integer) returns text language sql immutable as $$
    select regexp_replace(
      replace($1, $2, $2 || $3),
      '[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})',
      lpad(to_hex($3), 8, '0') || '\\1', 'g'
    )
  $$`,
  // It is another log, of which nothing has been signed or verified.
  'update log_head set sequence = 0, ledger = gen_random_uuid()',
  `update log_head set hash = sha256(convert_to(ledger::text, 'UTF8')),
    commands_hash = sha256(convert_to(ledger::text, 'UTF8'))`,
  'update log_verification set position = null, fault = null',
];

const partitions = `select add_events_partition(first, first + 10000000)
  from generate_series(10000001, $1::bigint + 5000000, 10000000) as first
  where to_regclass('events_' || first) is null`;

const insertCopy = `with copied as (
    select $1::integer * $3::bigint + sequence as sequence, in_copy(stream_id, $4::text, $1) as stream_id, version,
      in_copy(id::text, $4, $1)::uuid as id, type, schema_version,
      recorded_at - ($2::integer - $1) * span.length as recorded_at,
      occurred_at - ($2::integer - $1) * span.length as occurred_at, actor,
      in_copy(command_id::text, $4, $1)::uuid as command_id,
      in_copy(correlation_id, $4, $1) as correlation_id,
      in_copy(causation_id, $4, $1) as causation_id, in_copy(data::text, $4, $1)::json as data
    from small_log, (
      select max(recorded_at) - min(recorded_at) + interval '1 second' as length from small_log
    ) as span
  ), inserted as (
    insert into events
    select copied.*, chain_hash((select hash from log_head), concat_ws(
      E'\\t', sequence, copy_text(stream_id), version, id, type, schema_version, recorded_at,
      occurred_at, copy_text(actor), command_id, copy_text(correlation_id),
      coalesce(copy_text(causation_id), '\\N'), copy_text(data::text)
    )) over (order by sequence)
    from copied order by sequence
    returning sequence, recorded_at, hash
  )
  update log_head set sequence = last.sequence, clock = last.recorded_at, hash = last.hash
  from (select * from inserted order by sequence desc limit 1) as last`;

const finish = [
  'drop table small_log',
  // A batch for each command, whose events follow each other.
  `with batch as (
    select min(recorded_at) as recorded_at, min(sequence) as first_sequence,
      count(*)::integer as event_count, max(sequence) as last_sequence, gen_random_uuid() as id,
      '{"texts":[],"records":[]}' as records
    from events group by command_id
  )
  insert into command_batches
  select batch.recorded_at, first_sequence, event_count, batch.id, 25, records,
    chain_hash((select commands_hash from log_head), concat_ws(
      E'\\t', batch.recorded_at, first_sequence, event_count, batch.id, 25, records,
      encode(events.hash, 'hex'), ''
    )) over (order by first_sequence)
  from batch join events on events.sequence = last_sequence`,
  `update log_head set commands_hash = last.hash
  from (select hash from command_batches order by recorded_at desc limit 1) as last`,
  'update consumers set checkpoint = log_head.sequence from log_head',
  'vacuum (analyze) events',
  'vacuum (analyze) command_batches',
  'checkpoint',
];
