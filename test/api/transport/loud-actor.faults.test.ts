import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { issueToken } from '../../../src/api/transport/token.ts';
import { delay } from '../../../src/lib/delay.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type Program, startProgram } from '../../support/program.ts';

const jwt = { secret: 'a secret of at least 32 characters' };
const accountId = '7b7a3f6e-3c58-4d6e-9f0a-111111111111';
const rounds = 3;
const roundMs = 1_000;

let database: TestDatabase;
let program: Program;
let quietToken: string;
beforeAll(async () => {
  database = await createTestDatabase();
  program = await startProgram({
    DATABASE_URL: database.url,
    DAYBOOK_JWT_SECRET: jwt.secret,
    DAYBOOK_COMMANDS_PER_SECOND_OPERATOR: '20',
    DAYBOOK_COST_PER_SECOND_OPERATOR: '2000',
    DAYBOOK_BURST_SECONDS: '1',
  });
  // The most generous role counts, and nothing limits the role MARKET.
  const roles = ['OPERATOR', 'MARKET'] as const;
  quietToken = await issueToken({ jwt }, { actor: 'quiet', roles, hours: 1 });
  const input = `{ accountId: "${accountId}", owner: "Ada", currency: "EUR" }`;
  await sendQuietly(`mutation { openAccount(input: ${input}) { __typename } }`);
});
afterAll(async () => {
  await program.end('SIGTERM');
  await database.dispose();
});

async function sendQuietly(query: string): Promise<void> {
  const response = await fetch(`${program.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${quietToken}` },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  expect(errors).toBeUndefined();
}

const deposit = `mutation { depositCash(input: { accountId: "${accountId}", amount: "1.00" }) {
  __typename ... on DepositCashPayload { account { balance } } } }`;
const read = `{ account(id: "${accountId}") { id owner balance held available status version } }`;

/** The times of commands and queries that one connection sends one after the other. */
async function measure(): Promise<number[]> {
  const times: number[] = [];
  for (const end = performance.now() + roundMs; performance.now() < end; ) {
    const beganAt = performance.now();
    await sendQuietly(times.length % 2 === 0 ? deposit : read);
    times.push(performance.now() - beganAt);
  }
  return times;
}

function percentile(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
}

/** Measures in turns, so that what else the machine does hits both alike. */
async function measureBeside(loud: Worker) {
  const alone: number[] = [];
  const beside: number[] = [];
  let [executed, refused] = [0, 0];
  for (let round = 0; round < rounds; round += 1) {
    alone.push(...(await measure()));
    loud.postMessage('begin');
    // Until then, the loud actor uses its burst.
    await delay(1_500);
    beside.push(...(await measure()));
    loud.postMessage('end');
    const [counts] = (await once(loud, 'message')) as [{ executed: number; refused: number }];
    executed += counts.executed;
    refused += counts.refused;
  }
  return { alone, beside, executed, refused };
}

test.each([
  ['http', 'deposits', deposit],
  ['websocket', 'queries', read],
])(
  'an actor whose %s connections send %s beyond its limits hardly slows another',
  async (transport, _what, query) => {
    const token = await issueToken({ jwt }, { actor: 'loud', roles: ['OPERATOR'], hours: 1 });
    const url = `${program.url}/graphql`;
    const workerData = { url, token, query, connections: 50, transport };
    const loud = new Worker(new URL('../../support/loud-actor.mjs', import.meta.url), {
      workerData,
    });
    try {
      await once(loud, 'message');
      await measure();
      const { alone, beside, executed, refused } = await measureBeside(loud);
      expect(executed).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(executed);
      expect(percentile(beside, 0.5) / percentile(alone, 0.5)).toBeLessThan(3);
      expect(percentile(beside, 0.99) / percentile(alone, 0.99)).toBeLessThan(5);
    } finally {
      await loud.terminate();
    }
  },
  60_000,
);
