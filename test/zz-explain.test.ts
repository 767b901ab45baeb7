import { test } from 'vitest';
import pg from 'pg';
import { createTestDatabase } from './support/postgres.ts';
import { appendFileSync } from 'node:fs';
const out = (s: string) => appendFileSync('/tmp/explain/out.txt', s + '\n');
test('explain', async () => {
  const db = await createTestDatabase();
  const c = new pg.Client({ connectionString: db.url });
  await c.connect();
  const q = async (t: string, v?: unknown[]) => (await c.query(t, v as never)).rows;
  await q(`create temp table src as
    select g as sequence, 'account-' || ((g * 7919) % 20000) as stream_id, (g - 1) / 20000 + 1 as version
    from generate_series(1, 200000) g`);
  await q(`alter table events disable trigger all`);
  await q(`insert into events select sequence, stream_id, version, gen_random_uuid(),
     (array['AccountOpened','CashDeposited','CashWithdrawn','CashTransferredOut','CashTransferredIn','InterestCredited'])[case when version = 1 then 1 else 2 + sequence % 5 end], 1,
     timestamptz '2026-01-01' + sequence * interval '1 millisecond', timestamptz '2026-01-01',
     case when sequence % 1000 = 0 then 'rare' else 'actor' || sequence % 3 end, gen_random_uuid(),
     'corr-' || sequence / 3, null, '{"amount": "1.00", "currency": "USD", "reference": null}' from src`);
  await q(`update log_head set sequence = 200000, clock = (select max(recorded_at) from events)`);
  await q(`insert into views (name, version, status, checkpoint) values ('accounts', 1, 'live', 200000)`);
  await q(`insert into view_documents select 1, substr(stream_id, 9), sequence,
     jsonb_build_object('id', substr(stream_id,9), 'owner', 'owner' || (sequence % 20000) % 500, 'currency', 'USD', 'balance', version || '.00', 'status', 'OPEN') from src`);
  await q(`insert into view_entries select 1, 'OPENED_AT', p, to_char(sequence, 'FM000000000'), substr(stream_id,9), sequence
     from src, unnest(array['', 'currency=USD', 'status=OPEN', 'owner=owner' || (sequence % 20000) % 500]) p where version = 1`);
  await q(`insert into view_entries select 1, 'BALANCE', '', 'USD 1' || lpad(version::text, 30, '0'), substr(stream_id,9), sequence,
     coalesce(lead(sequence) over (partition by stream_id order by version), 9223372036854775807) from src`);
  await q('vacuum analyze');
  await q('set plan_cache_mode = force_generic_plan');
  const { createLog } = await import('../src/log/log.ts');
  void createLog;
  const texts: [string, string, unknown[]][] = [];
  const captured = new Map<string, { text: string; values: unknown[] }>();
  const executor = { query: async (query: { name: string; text: string }, values: unknown[] = []) => { captured.set(query.name, { text: query.text, values }); return []; } };
  const { readEvents } = await import('../src/log/read.ts');
  const { readStreams, readSnapshots } = await import('../src/log/streams.ts');
  const { readDocument, readList } = await import('../src/views/read.ts');
  const { readCurrentDocuments } = await import('../src/views/store.ts');
  const { verifyVersions, findBatch } = await import('../src/log/append.ts');
  const { readOutcomes } = await import('../src/log/outcomes.ts');
  const { readHead } = await import('../src/log/head.ts');
  const dec = ((r: unknown) => r) as never;
  const run = async (label: string, f: () => Promise<unknown>) => {
    captured.clear();
    await f().catch(() => {});
    for (const [name, { text, values }] of captured) texts.push([`${label} (${name})`, text, values]);
  };
  for (const descending of [false, true]) {
    const p = { after: 0, before: 9007199254740991, limit: 50, descending };
    await run('all', () => readEvents(executor as never, dec, {}, p));
    await run('stream', () => readEvents(executor as never, dec, { streamId: 'account-77' }, p));
    await run('actor', () => readEvents(executor as never, dec, { actor: 'rare' }, p));
    await run('actor common', () => readEvents(executor as never, dec, { actor: 'actor1' }, p));
    await run('actor none', () => readEvents(executor as never, dec, { actor: 'nobody' }, p));
    await run('types', () => readEvents(executor as never, dec, { types: ['AccountOpened', 'CashDeposited'] }, p));
    await run('types none', () => readEvents(executor as never, dec, { types: ['None'] }, p));
    await run('correlation', () => readEvents(executor as never, dec, { correlationId: 'corr-7' }, p));
    await run('types+after middle', () => readEvents(executor as never, dec, { types: ['AccountOpened'] }, { ...p, after: 100000 }));
    const l = { list: 'OPENED_AT', partition: 'owner=owner7', having: {}, after: null, before: null, limit: 20, descending };
    await run('list owner', () => readList(executor as never, 1, l, 200000));
    await run('list all, past', () => readList(executor as never, 1, { ...l, partition: '' }, 10000));
    await run('list status, having owner', () => readList(executor as never, 1, { ...l, partition: 'status=OPEN', having: { owner: 'owner7' } }, 200000));
    await run('list BALANCE now', () => readList(executor as never, 1, { ...l, list: 'BALANCE', partition: '' }, 200000));
    await run('list BALANCE past', () => readList(executor as never, 1, { ...l, list: 'BALANCE', partition: '' }, 30000));
    await run('list BALANCE now from a cursor', () => readList(executor as never, 1, { ...l, list: 'BALANCE', partition: '', after: { position: 'USD 1' + '10'.padStart(30, '0'), key: '5' }, before: null }, 200000));
    await run('list missing partition', () => readList(executor as never, 1, { ...l, partition: 'owner=none' }, 200000));
  }
  await run('document', () => readDocument(executor as never, 1, '77', 100000));
  await run('current docs', () => readCurrentDocuments(executor as never, 1, Array.from({ length: 500 }, (_, i) => String(i))));
  await run('streams', () => readStreams(executor as never, dec, Array.from({ length: 200 }, (_, i) => ({ streamId: `account-${i}`, afterVersion: 8 }))));
  await run('snapshots', () => readSnapshots(executor as never, [{ streamId: 'account-1', deciderVersion: 1 }]));
  await run('verify', () => verifyVersions(executor as never, new Map(Array.from({ length: 200 }, (_, i) => [`account-${i}`, 10] as const))));
  await run('find', () => findBatch(executor as never, '0197a1f0-0000-7000-8000-000000000000'));
  await run('outcomes', () => readOutcomes(executor as never, [['a', 'b']]));
  await run('head', () => readHead(executor as never));
  let n = 0;
  const lit = (v: unknown): string => v === null ? 'null' : Array.isArray(v) ? `'{${v.map((x) => `"${x}"`).join(',')}}'` : typeof v === 'number' ? String(v) : `'${String(v).replaceAll("'", "''")}'`;
  for (const [label, text, values] of texts) {
    n += 1;
    try {
      await q(`prepare s${n} as ${text}`);
      const rows = await q(`explain (analyze, buffers, costs off, timing off) execute s${n}${values.length ? `(${values.map(lit).join(',')})` : ''}`);
      const plan = rows.map((r) => (r as Record<string, string>)['QUERY PLAN']).join('\n');
      out(`\n===== ${label}\n${plan}`);
    } catch (e) { out(`\n===== ${label} FAILED ${e}`); }
  }
  // the version check within append_events
  await q(`set auto_explain.log_min_duration = 0`).catch(() => {});
  const check = `select jsonb_object_agg(expected.stream_id, coalesce(actual.version, 0))
  from unnest($1::text[], $2::integer[]) as expected (stream_id, version)
  left join lateral (
    select events.version from events
    where events.stream_id = expected.stream_id
    order by events.version desc limit 1
  ) as actual on true
  where coalesce(actual.version, 0) <> expected.version`;
  await q(`prepare vc as ${check}`);
  out('\n===== version check\n' + (await q(`explain (analyze, buffers, costs off, timing off) execute vc('{${Array.from({ length: 256 }, (_, i) => `account-${i}`).join(',')}}', '{${Array.from({ length: 256 }, () => 10).join(',')}}')`)).map((r) => (r as Record<string, string>)['QUERY PLAN']).join('\n'));
  const sa = `select events.sequence from events where events.recorded_at <= $1 order by events.recorded_at desc limit 1`;
  await q(`prepare sa(timestamptz) as ${sa}`);
  out('\n===== sequence_at\n' + (await q(`explain (analyze, buffers, costs off, timing off) execute sa('2026-01-01 00:01:00+00')`)).map((r) => (r as Record<string, string>)['QUERY PLAN']).join('\n'));
  const close = `update view_entries as entry set to_sequence = closed.to_sequence
    from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as closed (view_id, list, partition, position, key, to_sequence)
    where entry.view_id = closed.view_id and entry.list = closed.list and entry.partition = closed.partition and entry.position = closed.position
      and entry.key = closed.key and entry.to_sequence = 9223372036854775807`;
  await q(`prepare cl as ${close}`);
  await q('begin');
  const arr = (f: (i: number) => string) => `'{${Array.from({ length: 500 }, (_, i) => `"${f(i)}"`).join(',')}}'`;
  out('\n===== close entries\n' + (await q(`explain (analyze, buffers, costs off, timing off) execute cl(${arr(() => '1')},${arr(() => 'BALANCE')},${arr(() => '')},${arr(() => 'USD 1' + '10'.padStart(30, '0'))},${arr((i) => String(i))},${arr(() => '200001')})`)).map((r) => (r as Record<string, string>)['QUERY PLAN']).join('\n'));
  await q('rollback');
  await c.end();
  await db.dispose();
}, 300_000);
