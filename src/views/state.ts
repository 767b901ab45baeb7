import { type Broadcast, createBroadcast } from '../lib/broadcast.ts';
import type { MovingView } from './building/advance.ts';
import type { AnyView } from './lists/placement.ts';
import type { ViewRow } from './store.ts';

/** What this process knows of the state of its views. */
export interface ViewsState {
  readonly views: readonly AnyView[];
  /** Woken whenever new rows are shown. */
  readonly moved: Broadcast;
  /** The rows of this program's views by name. */
  rows: ReadonlyMap<string, ViewRow>;
  /** The rows of live views that have a newer version than this program's. */
  newerVersions: readonly ViewRow[];
  /** The sequence up to which all live views can be read. */
  checkpoint: number;
  /** The ids of the views that this process advances. */
  led: ReadonlySet<number>;
  isLeadingAll: boolean;
}

export function createViewsState(views: readonly AnyView[]): ViewsState {
  return {
    views,
    moved: createBroadcast(),
    rows: new Map(),
    newerVersions: [],
    checkpoint: 0,
    led: new Set(),
    isLeadingAll: false,
  };
}

/** Shows rows that were read, unless this process knows newer ones. */
export function showRead(state: ViewsState, read: readonly ViewRow[]): void {
  const { views } = state;
  state.newerVersions = read.filter(({ name, version, status }) =>
    views.some((view) => view.name === name && version > view.version && status === 'live'),
  );
  show(
    state,
    ownRows(state, read).map((row) => newerOf(state, row)),
  );
}

/** Shows views as this process has just advanced them. */
export function showMoved(state: ViewsState, moving: readonly MovingView[]): void {
  state.isLeadingAll = moving.length === state.views.length;
  state.led = new Set(moving.map(({ id }) => id));
  const moved = moving.map(toRow);
  const others = [...state.rows.values()].filter(
    (row) => !moved.some(({ name }) => name === row.name),
  );
  show(state, [...others, ...moved]);
}

/** Records that this process no longer advances any view. */
export function endLeading(state: ViewsState): void {
  state.isLeadingAll = false;
  state.led = new Set();
}

/** Shows only rows that were read, because the log has been replaced. */
export function showAgain(state: ViewsState, read: readonly ViewRow[]): void {
  state.rows = new Map();
  state.led = new Set();
  state.checkpoint = 0;
  show(state, ownRows(state, read));
}

/** Whether every view is either readable or parked. */
export function areReady({ views, rows }: ViewsState): boolean {
  return views.every(({ name }) => rows.has(name) && rows.get(name)?.status !== 'building');
}

function ownRows({ views }: ViewsState, read: readonly ViewRow[]): readonly ViewRow[] {
  return read.filter(({ name, version }) =>
    views.some((view) => view.name === name && view.version === version),
  );
}

function show(state: ViewsState, shown: readonly ViewRow[]): void {
  state.rows = new Map(shown.map((row) => [row.name, row]));
  const live = [...state.rows.values()].filter(({ status }) => status === 'live');
  const common = live.length === 0 ? 0 : Math.min(...live.map((row) => row.checkpoint));
  if (common > state.checkpoint) state.checkpoint = common;
  state.moved.wake();
}

/** The newer of two states: a row that was read may be older than what this process knows. */
function newerOf({ rows, led }: ViewsState, read: ViewRow): ViewRow {
  const known = rows.get(read.name);
  if (known === undefined || known.id !== read.id) return read;
  return led.has(known.id) || known.checkpoint > read.checkpoint ? known : read;
}

function toRow({ view, id, status, parked, checkpoint, historyFrom }: MovingView): ViewRow {
  const { name, version } = view;
  return {
    id,
    name,
    version,
    status: parked === null ? status : 'parked',
    checkpoint,
    error: parked,
    historyFrom,
  };
}
