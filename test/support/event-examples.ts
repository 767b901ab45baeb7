import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { examplesFile, type Files, lockFile } from '../../event-versions.ts';
import { modules } from '../../src/contexts/all.ts';
import { eventDefinitionsOf } from '../../src/kernel/context.ts';
import type { JsonObject } from '../../src/kernel/event.ts';
import { latestSchemaVersion } from '../../src/kernel/event-definition.ts';

/** An event as a log stores it, recorded by the release that had its schema version. */
export interface EventExample {
  readonly type: string;
  readonly schemaVersion: number;
  readonly streamId: string;
  readonly data: JsonObject;
}

const root = path.resolve(import.meta.dirname, '../..');

/** The event types of the program. */
export const definitions = eventDefinitionsOf(modules.map(({ context }) => context));

/** The examples of every schema version of every event type. */
export function eventExamples(): readonly EventExample[] {
  return [...definitions].flatMap(([type, definition]) =>
    Array.from({ length: latestSchemaVersion(definition) }, (_, index) => index + 1).flatMap(
      (schemaVersion) => {
        const text = readFileSync(path.join(root, examplesFile(type, schemaVersion)), 'utf8');
        const stored: readonly Pick<EventExample, 'streamId' | 'data'>[] = JSON.parse(text);
        return stored.map((example) => ({ type, schemaVersion, ...example }));
      },
    ),
  );
}

/** The schemas and the examples of events, and their lock, by path. */
export function eventFiles(): Files {
  const folders = ['schema/events', 'test/fixtures/events'];
  const names = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`),
  );
  const all = [...names, lockFile].filter((name) => existsSync(path.join(root, name)));
  return Object.fromEntries(
    all.map((name) => [name, readFileSync(path.join(root, name), 'utf8')] as const),
  );
}
