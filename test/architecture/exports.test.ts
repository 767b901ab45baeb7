import path from 'node:path';
import { expect, test } from 'vitest';
import { readFile, sources, tests, tutorial } from './sources.ts';
import { isNode, nameOf, nodesOf, parse, type SyntaxNode } from './syntax.ts';

/** Exports that only tests import, by the reason why they are allowed. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  'the type of what the file exports, which helpers of tests name': [
    'src/api/transport/frame-groups.ts FrameGroups',
    'src/commands/processor.ts ProcessorOptions',
    'src/contexts/trading/matching/book.ts Queue',
    'src/demo/demo.ts DemoOptions',
    'src/demo/taker-order.ts TakerView',
    'src/engine.ts EngineBridges',
    'src/exports/export-log.ts ExportOptions',
    'src/exports/export-parquet.ts ParquetOptions',
    'src/feed/feed.ts FeedOptions',
    'src/feed/keep-leading.ts LedWork',
    'src/import/import-prices.ts ExitCode',
    'src/postgres/embedded.ts EmbeddedPostgres',
    'src/readiness.ts Ready',
    'src/views/views.ts ViewsOptions',
  ],
  'what commands to come use': ['src/rebuild/checksum-at.ts checksumAt'],
  'an error that callers can catch': ['src/api/transport/server.ts PortTakenError'],
  'a pure step of the file, checked by itself': [
    'src/contexts/accounts/currencies.ts isCurrency',
    'src/contexts/market/candles.ts startOf',
    'src/contexts/trading/matching/account-orders.ts openOrdersIn',
    'src/contexts/trading/matching/book.ts evolveBook',
    'src/contexts/trading/matching/matching-process.ts continueMatching',
    'src/import/time-text.ts parseTimeText',
    'src/postgres/embedded-binaries.ts makeMissingLinks',
    'src/postgres/type-parsers.ts parseTimestamptz',
    'src/views/building/checksum.ts nextMark',
  ],
  'a list that a test compares with the schema or the documentation': [
    'src/client/cursor-field.ts cursorFields',
    'src/client/idempotency-keys.ts keylessMutations',
    'src/client/retry.ts passingCodes',
  ],
  'a limit that tests stay within': [
    'src/views/building/pace.ts busyEventsMin',
    'src/views/building/pace.ts busyPageMs',
  ],
};

const files = [...sources, ...tutorial].map(({ name, text }) => ({
  name,
  exports: exportsOf(parse(text)),
}));
const usedByProgram = importsOf([
  ...sources,
  ...tutorial,
  readFile('codegen.ts'),
  readFile('print-schema.ts'),
]);
const usedByTests = importsOf(tests);

/** What the package exports is for other programs. */
const published = 'src/client/client.ts';

const unused = files
  .filter(({ name }) => name !== published)
  .flatMap(({ name, exports }) =>
    exports.map((found) => `${name} ${found}`).filter((found) => !usedByProgram.has(found)),
  );

/** The reader of the tutorial adds it to `all.ts`. */
const registered = 'src/contexts/gift-cards/api.ts giftCardsModule';

test('every export is imported', () => {
  expect(unused.filter((found) => !usedByTests.has(found))).toEqual([registered]);
});

test('no export is imported only by tests, apart from the exceptions', () => {
  const byTests = unused.filter((found) => usedByTests.has(found));
  expect(byTests.sort()).toEqual(Object.values(exceptions).flat().sort());
});

test('no two exported types share a name', () => {
  const byName = new Map<string, string[]>();
  for (const { name, text } of sources) {
    for (const type of exportedTypesOf(parse(text))) {
      byName.set(type, [...(byName.get(type) ?? []), name]);
    }
  }
  expect(Object.fromEntries([...byName].filter(([, names]) => names.length > 1))).toEqual({});
});

function exportsOf(statements: readonly SyntaxNode[]): readonly string[] {
  return statements
    .filter(({ type }) => type === 'ExportNamedDeclaration')
    .flatMap(({ declaration, specifiers }) => [
      ...declaredNames(declaration),
      ...nodesIn(specifiers).map(({ exported }) => nameOf(exported)),
    ]);
}

function exportedTypesOf(statements: readonly SyntaxNode[]): readonly string[] {
  return statements
    .map(({ declaration }) => declaration)
    .filter(isNode)
    .filter(({ type }) => /^(?:TSInterface|TSTypeAlias|Class)Declaration$/.test(type))
    .map(({ id }) => nameOf(id));
}

function declaredNames(declaration: unknown): readonly string[] {
  if (!isNode(declaration)) return [];
  const declared = declaration['declarations'] ?? [declaration];
  return nodesIn(declared).flatMap(({ id }) => {
    if (!isNode(id) || id.type === 'Identifier') return [nameOf(id)];
    return nodesIn(id['properties'] ?? id['elements']).map(({ value }) => nameOf(value));
  });
}

/** The exports that the files import, as "file name". */
function importsOf(importers: readonly { name: string; text: string }[]): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { name, text } of importers) {
    for (const { target, names } of importedNames(parse(text))) {
      const file = path.posix.join(path.posix.dirname(name), target);
      for (const imported of names) used.add(`${file} ${imported}`);
    }
  }
  return used;
}

function* importedNames(statements: readonly SyntaxNode[]): Generator<Imported> {
  for (const { type, source, specifiers } of statements) {
    if (type !== 'ImportDeclaration' && type !== 'ExportNamedDeclaration') continue;
    for (const { type: kind, imported, local } of nodesIn(specifiers)) {
      const names =
        kind === 'ImportNamespaceSpecifier'
          ? membersOf(statements, nameOf(local))
          : [nameOf(imported ?? local)];
      if (isNode(source)) yield { target: nameOf(source), names };
    }
  }
}

interface Imported {
  readonly target: string;
  readonly names: readonly string[];
}

/** What a file uses of a module that it has imported as a whole. */
function membersOf(statements: readonly SyntaxNode[], namespace: string): readonly string[] {
  return nodesOf(statements).flatMap(({ object, property, left, right }) => {
    if (nameOf(object) === namespace) return [nameOf(property)];
    return nameOf(left) === namespace ? [nameOf(right)] : [];
  });
}

function nodesIn(value: unknown): readonly SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
