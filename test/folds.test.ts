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

/** The states of all streams of a decider, up to a version of each. */
function foldStreams({ category, initial, evolve }: Decider, upTo = Number.MAX_SAFE_INTEGER) {
  const states = new Map<string, unknown>();
  for (const event of events) {
    if (!event.streamId.startsWith(`${category}-`) || event.version > upTo) continue;
    const before = states.get(event.streamId) ?? initial;
    states.set(event.streamId, evolve(before, event as never));
  }
  return states;
}

/** The documents of a view after every event, so that no moment is left out. */
function foldView(view: (typeof views)[number]): ReadonlyMap<string, string> {
  const documents = new Map<string, JsonObject | undefined>();
  const hashes = new Map<string, string>();
  for (const event of events.filter(({ type }) => view.types.includes(type))) {
    for (const key of view.keysOf(event)) {
      const document = view.evolve(documents.get(key), event as StoredEvent, key);
      documents.set(key, document);
      hashes.set(key, hashOf(`${hashes.get(key) ?? ''} ${toSortedJson(document)}`));
    }
  }
  return hashes;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What is wrong with the version of a fold; null if nothing is. */
function faultOf(name: string, version: number, folded: ReadonlyMap<string, unknown>) {
  const key = `${name} ${version}`;
  const hash = hashOf(toSortedJson(Object.fromEntries(folded)));
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
    const states = foldStreams(decider as Decider, Number(version));
    expect(JSON.parse(JSON.stringify(states.get(String(stream_id))))).toEqual(state);
  }
});
