import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from './support/server.ts';

const root = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

const tourHeading = '## A tour in five minutes';

/** The commands of the tour, as a reader pastes them; those that do not end are left out. */
async function readTour(): Promise<string> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, tour = ''] = readme.split(tourHeading);
  const [start = ''] = tour.split('## What you can rely on');
  const trading = await readFile(path.join(root, 'docs/trading.md'), 'utf8');
  const blocks = [start, trading].flatMap((text) => [
    ...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm),
  ]);
  return blocks.map(([, block]) => block).join('\n');
}

const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...docsPages()];

function docsPages(): readonly string[] {
  return readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
}

test('the README has at most 150 lines', async () => {
  const lines = (await readFile(path.join(root, 'README.md'), 'utf8')).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(150);
});

test.each(pages)('every link of %s leads to an existing file and heading', async (page) => {
  const text = await readFile(path.join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, link = '']) => link);
  for (const link of links) {
    const [file = '', heading] = link.split('#');
    const target = file === '' ? page : path.join(path.dirname(page), file);
    const linked = await readFile(path.join(root, target), 'utf8');
    if (heading !== undefined) expect(anchorsOf(linked), link).toContain(heading);
  }
});

/** The anchors that GitHub makes of headings. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('the tours of the README and of the trader’s day return what they describe', async () => {
  const script = await readTour();
  const { stdout } = await run('bash', ['-c', script], {
    cwd: root,
    env: { ...process.env, DAYBOOK_URL: `${server.url}/graphql` },
  });
  const answers = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { data: object; errors?: unknown });
  expect(answers.filter(({ errors }) => errors !== undefined)).toEqual([]);
  expect(answers.map(({ data }) => data)).toMatchObject([
    { openAccount: { __typename: 'OpenAccountPayload', sequence: '1' } },
    { openAccount: { __typename: 'OpenAccountPayload', sequence: '2' } },
    { depositCash: { replayed: false, sequence: '3', account: { balance: '100.00' } } },
    { transferCash: { from: { balance: '70.00' }, to: { balance: '30.00' } } },
    { transferCash: { available: '70.00', requested: '500.00' } },
    { now: { balance: '70.00' }, before: { balance: '100.00' }, log: { sequence: '5' } },
    { account: { history: { nodes: [{ type: 'AccountOpened' }, {}, {}] } } },
    { instrument: { lastPrice: '28.8', priceOn: '22.93' }, before: null },
    { listInstrument: { __typename: 'ListInstrumentPayload' } },
    { depositShares: { account: { positions: [{ symbol: 'ACME', quantity: '40' }] } } },
    { placeOrder: { order: { status: 'NEW', leavesQuantity: '10' } } },
    {
      placeOrder: {
        order: { status: 'FILLED', averagePrice: '10' },
        trades: [{ price: '10.00', quantity: '4', sellOrder: { status: 'PARTIALLY_FILLED' } }],
        account: { balance: '29.99', held: '0.00' },
      },
    },
    { replaceOrder: { replaced: { status: 'REPLACED' }, order: { leavesQuantity: '4' } } },
    { cancelOrder: { order: { status: 'CANCELED', filledQuantity: '4', leavesQuantity: '0' } } },
    { cancelOrder: { code: 'ORDER_NOT_OPEN' } },
    {
      now: { portfolio: { cash: '70.00', positions: [{ symbol: 'ACME', quantity: '36' }] } },
      before: { portfolio: { cash: '30.00', positions: [] } },
      trialBalance: { isBalanced: true },
    },
  ]);
}, 120_000);
