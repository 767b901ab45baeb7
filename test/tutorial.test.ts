import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { modules } from '../src/contexts/all.ts';
import { giftCardsModule } from './fixtures/gift-cards/api.ts';
import { giftCards } from './fixtures/gift-cards/context.ts';
import { createTestServer } from './support/server.ts';

const root = path.resolve(import.meta.dirname, '..');
const fixture = 'test/fixtures/gift-cards';
const product = 'src/contexts/gift-cards';
const tutorial = readFileSync(path.join(root, 'docs/add-a-product.md'), 'utf8');

const files = readdirSync(path.join(root, fixture), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();

/** Code blocks by the name above them. */
const blocks = new Map(
  [...tutorial.matchAll(/^`([\w./-]+\.ts)`\n\n```ts\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', code = '']) => [name, code],
  ),
);

/** The path in the reader's product of a file of the fixture; tests are in a separate folder. */
function pathOf(name: string): string {
  return name.endsWith('.test.ts') ? `test/contexts/gift-cards/${name}` : `${product}/${name}`;
}

/** A file's code without its imports, and what it imports; the order depends on the folder. */
function parse(code: string, file: string) {
  const imports: string[] = [];
  const body = code.replace(/^import ([^;]*?) from '([^']+)';\n/gm, (_all, names, target) => {
    const full = target.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), target)
      : target;
    const words = names.replace(/\s+/g, ' ').replace(', }', ' }');
    imports.push(`${words} from ${full.replace(fixture, product)}`);
    return '';
  });
  return { body, imports: imports.sort() };
}

test('the tutorial shows every file of the fixture and no other', () => {
  const named = [...blocks.keys()].map((name) =>
    name.startsWith('test/') ? name : `${product}/${name}`,
  );
  expect(named.sort()).toEqual(files.map(pathOf).sort());
});

test.each(files)('the tutorial shows %s unchanged', (name) => {
  const file = pathOf(name);
  const shown = blocks.get(name) ?? blocks.get(file) ?? '';
  const code = readFileSync(path.join(root, fixture, name), 'utf8');
  expect(parse(shown, file)).toEqual(parse(code, `${fixture}/${name}`));
});

test('the commands of the tutorial have the effects that it describes', async () => {
  const others = modules.filter(({ context }) => context.name !== giftCards.name);
  const server = await createTestServer({ modules: [...others, giftCardsModule] });
  try {
    const script = [...tutorial.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
    const { stdout } = await promisify(execFile)('bash', ['-c', script.join('\n')], {
      cwd: root,
      env: { ...process.env, DAYBOOK_URL: `${server.url}/graphql` },
    });
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { data: object; errors?: unknown });
    expect(answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
    expect(answers.map(({ data }) => data)).toMatchObject([
      { issueGiftCard: { sequence: '1', giftCard: { balance: '50.00' } } },
      { redeemGiftCard: { replayed: false, giftCard: { balance: '30.00' } } },
      { redeemGiftCard: { replayed: true, giftCard: { balance: '30.00' } } },
      { redeemGiftCard: { dryRun: true, giftCard: { balance: '20.00' } } },
      {
        redeemGiftCard: { __typename: 'GiftCardBalanceTooLowError', balance: '30.00' },
      },
      { now: { balance: '30.00' }, before: { balance: '50.00' } },
      { events: { nodes: [{ amount: '50.00' }, { amount: '20.00' }] } },
    ]);
  } finally {
    await server.dispose();
  }
}, 60_000);
