import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { modules } from '../src/contexts/all.ts';
import type { Decider } from '../src/kernel/decider.ts';
import type { JsonObject, StoredEvent } from '../src/kernel/event.ts';
import { toSortedJson } from '../src/lib/canonical-json.ts';
import { createEventDecoder, type EventRow } from '../src/log/codec.ts';
import { definitions } from './support/event-examples.ts';
import { readOlderRelease, toApiTime } from './support/older-release.ts';

const contexts = modules.map(({ context }) => context);
// The complete deciders: the engine gets only a part of each.
const deciders = contexts.flatMap((context) => context.deciders as readonly Decider[]);
const views = contexts.flatMap((context) => context.views);
const older = readOlderRelease();
const decode = createEventDecoder(definitions);
const events = (older.tables['events'] ?? [])
  .map((row) => {
    const recorded_at = toApiTime(row['recorded_at']);
    const occurred_at = toApiTime(row['occurred_at']);
    return decode({ ...row, recorded_at, occurred_at } as unknown as EventRow);
  })
  .sort((one, other) => one.sequence - other.sequence);

/** By decider or view and its version: the SHA-256 of all that it folds from the older log. */
const file = 'test/fixtures/older-release/folds.json';
const recorded: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8'),
);

/** The states of all streams of a decider, from the first on, by stream. */
function foldStreams({ category, initial, evolve }: Decider): ReadonlyMap<string, unknown[]> {
  const states = new Map<string, unknown[]>();
  for (const event of events) {
    if (!event.streamId.startsWith(`${category}-`)) continue;
    const own = states.get(event.streamId) ?? [];
    own.push(evolve(own.at(-1) ?? initial, event as never));
    states.set(event.streamId, own);
  }
  return states;
}

/** The documents of a view after every event that concerns them, by key. */
function foldView(view: (typeof views)[number]): ReadonlyMap<string, unknown[]> {
  const documents = new Map<string, (JsonObject | undefined)[]>();
  for (const event of events.filter(({ type }) => view.types.includes(type))) {
    for (const key of view.keysOf(event)) {
      const own = documents.get(key) ?? [];
      own.push(view.evolve(own.at(-1), event as StoredEvent, key));
      documents.set(key, own);
    }
  }
  return documents;
}

function statesHashOf(states: readonly unknown[]): string {
  return states.reduce((hash: string, state) => hashOf(`${hash} ${toSortedJson(state)}`), '');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What is wrong with the version of a fold; null if nothing is. */
function faultOf(name: string, version: number, folded: ReadonlyMap<string, unknown[]>) {
  const key = `${name} ${version}`;
  const hashes = [...folded].map(([of, states]) => `${of} ${statesHashOf(states)}`);
  const hash = hashOf(hashes.sort().join());
  if (folded.size === 0 || recorded[key] === hash) return null;
  if (recorded[key] === undefined) return `add to ${file}: "${key}": "${hash}"`;
  return `${name} folds older events otherwise than before: raise its version`;
}

test.each(deciders)(
  'the decider of $category folds the older log as its version did',
  (decider) => {
    const { category, version } = decider;
    expect(faultOf(`decider ${category}`, version, foldStreams(decider))).toBeNull();
  },
);

test.each(views)('the view $name folds the older log as its version did', (view) => {
  expect(faultOf(`view ${view.name}`, view.version, foldView(view))).toBeNull();
});

test('the snapshots of the older release are the states that this one folds', () => {
  const snapshots = older.tables['stream_snapshots'] ?? [];
  expect(snapshots.length).toBeGreaterThan(0);
  for (const { stream_id, decider_version, version, state } of snapshots) {
    const category = String(stream_id).split('-')[0];
    const decider = deciders.find((each) => each.category === category);
    if (decider?.version !== decider_version) continue;
    const folded = foldStreams(decider as Decider).get(String(stream_id))?.[Number(version) - 1];
    expect(JSON.parse(JSON.stringify(folded))).toEqual(state);
  }
});
