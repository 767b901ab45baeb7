import type { Executor, Query } from './executor.ts';

/** The kind of things that leases are for; a number identifies each thing of a kind. */
export type LeaseKind =
  | 'daybook.views'
  | 'daybook.consumers'
  | 'daybook.bridges'
  | 'daybook.verification';

/** A lease that is held now. Its epoch is raised whenever a different holder takes it. */
export interface Lease {
  readonly id: number;
  readonly epoch: number;
}

/** Leases of one kind, and their holder. */
export interface Claim {
  readonly kind: LeaseKind;
  readonly ids: readonly number[];
  /** A UUID. */
  readonly holder: string;
}

/** Whether a row of `leases` is held: it has not expired, and the session that took it is alive. */
const isHeld = `(
    leases.expires_at > clock_timestamp() and exists (
      -- The start of another role's session is not visible.
      select from pg_stat_activity as session where session.pid = leases.session_pid
        and (session.backend_start is null or session.backend_start = leases.session_started)
    )
  )`;

/** What the previous release leads, by advisory locks: the numbers of the things of kind $1. */
const ledByLocks = `(
    select objid::bigint from pg_locks
    where locktype = 'advisory' and granted and objsubid = 2
      and classid::bigint = hashtext($1)::bigint & 4294967295
      and database = (select oid from pg_database where datname = current_database())
  )`;

const renewal: Query = {
  name: 'hold_leases',
  // Takes the leases in order of name, so that two processes that take the same leases cannot
  // deadlock. The previous release leads by an advisory lock, which it must release first.
  text: `with held as (
      insert into leases (name, holder, epoch, expires_at, session_pid, session_started)
      select wanted.name, $3, 1, clock_timestamp() + $4 * interval '1 millisecond',
        own.pid, own.backend_start
      from (select id, $1 || ' ' || id as name from unnest($2::integer[]) as ids (id)) as wanted
      join pg_stat_activity as own on own.pid = pg_backend_pid()
      left join leases on leases.name = wanted.name
      -- A lease that does not exist is not held.
      where (leases.holder = $3 or not ${isHeld}) and wanted.id::bigint not in ${ledByLocks}
      order by wanted.name
      on conflict on constraint leases_pkey do update
      set holder = excluded.holder, expires_at = excluded.expires_at,
        session_pid = excluded.session_pid, session_started = excluded.session_started,
        epoch = leases.epoch + (leases.holder <> excluded.holder)::integer
      where leases.holder = excluded.holder or not ${isHeld}
      returning name, epoch
    )
    select ids.id, held.epoch from unnest($2::integer[]) as ids (id)
    join held on held.name = $1 || ' ' || ids.id`,
};

/**
 * Takes the leases that are free, renews those that the holder has, and returns both. Each expires
 * `ttlMs` from now, by the clock of the database, or when the session ends. Leases that are not
 * returned belong to another holder.
 */
export async function renewLeases(
  executor: Executor,
  { kind, ids, holder }: Claim,
  ttlMs: number,
): Promise<readonly Lease[]> {
  return executor.query<Lease>(renewal, [kind, ids, holder, ttlMs]);
}

const look: Query = {
  name: 'is_lease_free',
  text: `select not exists (
      select from leases where name = $1 || ' ' || $2::integer and ${isHeld}
    ) and $2::integer::bigint not in ${ledByLocks} as free`,
};

/**
 * Whether no process leads something now, by a lease or by a lock of the previous release. Takes no
 * lease.
 */
export async function isLeaseFree(
  executor: Executor,
  kind: LeaseKind,
  id: number,
): Promise<boolean> {
  const [row] = await executor.query<{ readonly free: boolean }>(look, [kind, id]);
  return row?.free ?? false;
}

const release: Query = {
  name: 'release_leases',
  text: `update leases set expires_at = '-infinity' where name in (
      select name from leases
      where name in (select $1 || ' ' || id from unnest($2::integer[]) as ids (id)) and holder = $3
      order by name for update
    )`,
};

/** Releases leases, so that another process can take them at once. */
export async function releaseLeases(
  executor: Executor,
  { kind, ids, holder }: Claim,
): Promise<void> {
  await executor.query(release, [kind, ids, holder]);
}
