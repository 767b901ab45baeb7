import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { createClient, type DaybookClient } from '../../src/client/client.ts';
import { entityIdOf } from '../../src/kernel/decider.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { until } from './until.ts';

/** What clients did and saw while their connections broke. */
export interface ClientLoad {
  readonly accountIds: readonly string[];
  readonly depositsOfEach: readonly number[];
  /** The events that each watcher of the log was sent, in the order in which they arrived. */
  readonly watched: readonly (readonly WatchedEvent[])[];
  retryCount(): number;
}

interface WatchedEvent {
  readonly sequence: string;
  readonly id: string;
}

interface LoadOptions {
  readonly url: string;
  readonly writers: number;
  /** Whether a writer that has made a number of deposits is done. */
  readonly isOver: (made: number) => boolean;
  /** Called when all deposits have been made. */
  readonly onWritten: () => void;
  /** How long to wait for the watchers after that. */
  readonly watchTimeoutMs?: number;
}

const open = `mutation Open($input: OpenAccountInput!) {
  openAccount(input: $input) { __typename } }`;
const deposit = `mutation Deposit($input: DepositCashInput!) {
  depositCash(input: $input) { __typename ... on Error { message } } }`;
const balance = 'query Balance($id: ID!) { account(id: $id) { balance sequence } }';
const watch = `subscription Watch($after: Sequence) {
  events(after: $after) { sequence event { sequence id } } }`;
const watchAccount = `subscription Account($id: ID!) {
  account(id: $id) { sequence account { balance } } }`;

interface Balance {
  readonly account: { readonly balance: string; readonly sequence: string };
}
interface EventsFrame {
  readonly events: { readonly sequence: string; readonly event: WatchedEvent | null };
}
interface AccountFrame {
  readonly account: { readonly sequence: string; readonly account: { readonly balance: string } };
}

/**
 * Several writers make deposits of 1.00 to their accounts, one after the other, and read the
 * balance after each: it must be what they have deposited. Others watch the log from its beginning,
 * and the accounts. Returns when all have seen everything.
 */
export async function runClientLoad(options: LoadOptions): Promise<ClientLoad> {
  const { url, writers, isOver, onWritten, watchTimeoutMs = 15_000 } = options;
  let retries = 0;
  let depositsOfEach: readonly number[] = [];
  const create = (): DaybookClient =>
    createClient({ url, webSocketImpl: WebSocket, timeoutMs: 5_000, onRetry: () => retries++ });
  const clients = Array.from({ length: writers + 2 }, create);
  const [logWatcher, otherLogWatcher, ...writing] = clients as [DaybookClient, DaybookClient];
  const watched: WatchedEvent[][] = [[], []];
  const ids = writing.map(() => randomUUID());
  const failures: unknown[] = [];
  const follow = (work: Promise<unknown>): void => void work.catch((error) => failures.push(error));
  try {
    for (const [index, client] of [logWatcher, otherLogWatcher].entries()) {
      follow(watchLog(client, watched[index] ?? []));
    }
    const written = await Promise.all(
      (writing as DaybookClient[]).map((client, index) =>
        write(client, ids[index] ?? '', isOver, follow),
      ),
    );
    onWritten();
    depositsOfEach = written.map(({ made }) => made);
    const total = depositsOfEach.reduce((sum, made) => sum + made + 1, 0);
    await until(() => {
      if (failures.length > 0) throw failures[0];
      const areWatched = watched.every((events) => events.length >= total);
      return areWatched && written.every(({ made, shown }) => shown.last === `${made}.00`);
    }, watchTimeoutMs);
  } finally {
    for (const client of clients) client.close();
  }
  return { accountIds: ids, depositsOfEach, watched, retryCount: () => retries };
}

async function watchLog(client: DaybookClient, events: WatchedEvent[]): Promise<void> {
  for await (const frame of client.subscribe<EventsFrame>(watch, { after: '0' })) {
    if (frame.events.event !== null) events.push(frame.events.event);
  }
}

/** Opens an account and makes deposits; returns how many, and what a subscription shows. */
async function write(
  client: DaybookClient,
  accountId: string,
  isOver: LoadOptions['isOver'],
  follow: (work: Promise<unknown>) => void,
): Promise<{ readonly made: number; readonly shown: { last: string | null } }> {
  const shown: { last: string | null } = { last: null };
  await client.mutate(open, { input: { accountId, owner: 'Ada', currency: 'EUR' } });
  follow(watchBalance(client, accountId, shown));
  let sequence = 0;
  let made = 0;
  while (!isOver(made)) {
    made += 1;
    const input = { accountId, amount: '1.00', reference: `${accountId} ${made}` };
    expect(await client.mutate(deposit, { input })).toEqual({
      depositCash: { __typename: 'DepositCashPayload' },
    });
    const { account } = await client.query<Balance>(balance, { id: accountId });
    expect(account.balance).toBe(`${made}.00`);
    expect(Number(account.sequence)).toBeGreaterThan(sequence);
    sequence = Number(account.sequence);
  }
  return { made, shown };
}

async function watchBalance(
  client: DaybookClient,
  id: string,
  shown: { last: string | null },
): Promise<void> {
  let sequence = 0;
  for await (const { account } of client.subscribe<AccountFrame>(watchAccount, { id })) {
    expect(Number(account.sequence)).toBeGreaterThan(sequence);
    expect(Number(account.account.balance)).toBeGreaterThanOrEqual(Number(shown.last ?? 0));
    sequence = Number(account.sequence);
    shown.last = account.account.balance;
  }
}

/** Every command is in the log once, and every watcher was sent the log. */
export function expectExactlyOnce(load: ClientLoad, log: readonly StoredEvent[]): void {
  const made = load.accountIds.flatMap((id, writer) =>
    Array.from({ length: load.depositsOfEach[writer] ?? 0 }, (_, index) => `${id} ${index + 1}`),
  );
  const deposits = log.filter(({ type }) => type === 'CashDeposited');
  // The writer has compared the balance after each deposit, so their number says which there are.
  const found = deposits.map(({ streamId, version }) => `${entityIdOf(streamId)} ${version - 1}`);
  expect(found.sort()).toEqual(made.sort());
  expect(log.filter(({ type }) => type === 'AccountOpened')).toHaveLength(load.accountIds.length);
  const sent = log.map(({ id, sequence }) => ({ sequence: String(sequence), id }));
  for (const events of load.watched) expect(events).toEqual(sent);
}
