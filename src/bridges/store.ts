import { toReplacedError } from '../log/epoch.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { Lanes } from './chain.ts';

type Direction = 'IN' | 'OUT';

/** The state of a bridge, as the process that runs it reads it. */
export interface BridgeState {
  readonly id: number;
  readonly checkpoint: number;
  /** The checkpoint with which the bridge began. */
  readonly beginsAfter: number;
  readonly lanes: Lanes;
  readonly delivered: number;
}

/** A bridge as operators see it; the same in every process. */
export interface BridgeRow {
  readonly name: string;
  readonly kind: string;
  readonly direction: Direction;
  /** Up to about a second old while the bridge runs. */
  readonly checkpoint: number;
  readonly delivered: number;
  readonly waiting: number;
  readonly paused: boolean;
  readonly working: boolean;
  readonly parked: boolean;
  readonly error: string | null;
  /** Whether a process runs the bridge now. */
  readonly isLed: boolean;
  readonly headSequence: number;
  /** How long ago the first event after the checkpoint was recorded; 0 if there is none. */
  readonly lagSeconds: number;
}

const all: Query = {
  name: 'bridges',
  text: `select bridges.name, kind, direction, checkpoint, delivered, waiting, paused, working,
      parked, error, exists (
        select from leases
        where leases.name = 'daybook.bridges ' || bridges.id
          and leases.expires_at > clock_timestamp()
      ) as "isLed",
      log_head.sequence as "headSequence",
      coalesce(greatest(0, extract(epoch from clock_timestamp() - (
        select recorded_at from events where events.sequence = bridges.checkpoint + 1
      ))), 0)::float8 as "lagSeconds"
    from bridges cross join log_head order by bridges.name`,
};

export async function readBridges(executor: Executor): Promise<readonly BridgeRow[]> {
  return executor.query<BridgeRow>(all);
}

const ledger: Query = { name: 'ledger', text: 'select ledger from log_head' };

/** The UUID of the log. */
export async function readLedger(executor: Executor): Promise<string> {
  const [row] = await executor.query<{ readonly ledger: string }>(ledger);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  return row.ledger;
}

/** A bridge of the configuration. */
export interface BridgeIdentity {
  readonly name: string;
  readonly kind: string;
  readonly direction: Direction;
}

const register: Query = {
  name: 'register_bridge',
  // "now" and a sequence beyond the head begin at the head.
  text: `insert into bridges (name, kind, direction, checkpoint, begins_after)
    select $1, $2, $3, least(sequence, coalesce($4::bigint, sequence)),
      least(sequence, coalesce($4::bigint, sequence))
    from log_head
    on conflict on constraint bridges_name_key do nothing`,
};

const identityOf: Query = {
  name: 'bridge_identity',
  text: 'select kind, direction from bridges where name = $1',
};

/**
 * Registers a bridge; a new one begins after `from`, or at the head of the log if that is null.
 * Throws if the name belongs to a bridge of another kind: its position says nothing about this one.
 */
export async function registerBridge(
  executor: Executor,
  { name, kind, direction }: BridgeIdentity,
  from: number | null,
): Promise<void> {
  await executor.query(register, [name, kind, direction, from]);
  const [known] = await executor.query<Omit<BridgeIdentity, 'name'>>(identityOf, [name]);
  if (known === undefined || (known.kind === kind && known.direction === direction)) return;
  const sides = { IN: 'inbound', OUT: 'outbound' } as const;
  const [was, is] = [known, { kind, direction }].map(
    (one) => `${sides[one.direction]} ${one.kind}`,
  );
  throw new Error(`the bridge ${name} was an ${was} bridge: give the ${is} bridge another name`);
}

const find: Query = {
  name: 'bridge',
  text: `select id, checkpoint, begins_after as "beginsAfter", lanes, delivered
    from bridges where name = $1`,
};

interface StateRow extends Omit<BridgeState, 'lanes'> {
  readonly lanes: Readonly<Record<string, string>>;
}

/** The state of a registered bridge. */
export async function readBridge(executor: Executor, name: string): Promise<BridgeState> {
  const [row] = await executor.query<StateRow>(find, [name]);
  if (row === undefined) throw new Error(`bridge ${name} does not exist`);
  const lanes = Object.entries(row.lanes).map(([lane, last]) => [lane, Number(last)] as const);
  const { id, checkpoint, beginsAfter, delivered } = row;
  return { id, checkpoint, beginsAfter, delivered, lanes: new Map(lanes) };
}

/** An advance of a bridge from a checkpoint to a later one, or back to where its target is. */
interface BridgeAdvance {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  /** The event at `to`, and the epoch under which it was read; null: not checked. */
  readonly toEventId: string | null;
  readonly epoch: number;
  readonly lanes: Lanes;
  readonly delivered: number;
}

const advance: Query = {
  name: 'advance_bridge',
  // A bridge that goes back to where its target is has delivered nothing yet: its error stays.
  text: `update bridges set checkpoint = $3, lanes = $5, delivered = $6,
      error = case when $3 <= checkpoint then error end,
      failing_since = case when $3 <= checkpoint then failing_since end
    where id = $1 and checkpoint = $2
      and (assert_recorded($7, array[$3::bigint], array[$4::uuid]))[1] = $3
    returning id`,
};

/** Another process has advanced the bridge: this one no longer leads it. */
export class BridgeMovedError extends Error {
  readonly code = 'BRIDGE_MOVED';
}

/**
 * Saves the progress of a bridge. Throws `BridgeMovedError`, and has no effect, if the bridge is
 * not at `from`; `LogReplacedError` if the log is no longer the one that was read.
 */
export async function advanceBridge(executor: Executor, step: BridgeAdvance): Promise<void> {
  const { id, from, to, toEventId, epoch, lanes, delivered } = step;
  const texts = Object.fromEntries([...lanes].map(([lane, last]) => [lane, String(last)]));
  const values = [id, from, to, toEventId, JSON.stringify(texts), delivered, epoch];
  const rows = await executor.query(advance, values).catch((error: unknown) => {
    throw toReplacedError(error);
  });
  if (rows.length === 0) throw new BridgeMovedError(`bridge ${id} is no longer at ${from}`);
}

/** What is saved of a bridge that brings commands in. */
interface InboundProgress {
  readonly id: number;
  /** The sequence of the log after the last command that was answered. */
  readonly sequence: number;
  /** How many messages wait at the source. */
  readonly waiting: number;
}

const saveInbound: Query = {
  name: 'save_inbound_bridge',
  // The sequence is beyond the checkpoint only if a command has recorded events.
  text: `update bridges set checkpoint = $2, waiting = $3,
      delivered = case when $2 > checkpoint then $2 else delivered end
    where id = $1`,
};

/** Saves the progress of a bridge that brings commands in. */
export async function saveInboundProgress(
  executor: Executor,
  { id, sequence, waiting }: InboundProgress,
): Promise<void> {
  await executor.query(saveInbound, [id, sequence, waiting]);
}
