import { expect, vi } from 'vitest';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

/** A server whose connections can be cut, and what the recipes are tried with. */
export interface Setting extends AsyncDisposable {
  readonly server: TestServer;
  /** The address of the server, without a path, for clients whose connections break. */
  readonly url: string;
  open(owner: string): Promise<string>;
  deposit(accountId: string, amount?: string): Promise<void>;
  /**
   * Records events while every connection is cut again and again. Expects the subscriber to have
   * received every event of the log once, in order.
   */
  expectResumption(received: () => readonly { readonly id: string }[]): Promise<void>;
}

const open = `mutation ($input: OpenAccountInput!) { openAccount(input: $input) {
  ... on OpenAccountPayload { account { id } } } }`;
const deposit = `mutation ($input: DepositCashInput!) { depositCash(input: $input) {
  __typename } }`;

export async function createSetting(): Promise<Setting> {
  const server = await createTestServer();
  const noFaults = { requestLost: 0, answerLost: 0, answerTorn: 0 };
  const front = await startFaultyFront([server.url], noFaults, 'none');

  async function openAccount(owner: string): Promise<string> {
    const { data } = await server.send<{
      readonly openAccount: { readonly account: { readonly id: string } };
    }>(open, { input: { owner, currency: 'EUR' } });
    return data.openAccount.account.id;
  }

  async function depositCash(accountId: string, amount = '1.00'): Promise<void> {
    const { data } = await server.send(deposit, { input: { accountId, amount } });
    expect(data).toEqual({ depositCash: { __typename: 'DepositCashPayload' } });
  }

  return {
    server,
    url: new URL(front.url).origin,
    open: openAccount,
    deposit: depositCash,
    async expectResumption(received) {
      await recordAndCut(front, received, async () => depositCash(await openAccount('Eve')));
      const { data } = await server.send<{
        readonly events: { readonly nodes: readonly { readonly id: string }[] };
      }>('{ events(first: 500) { nodes { id } } }');
      await until(() => received().length >= data.events.nodes.length);
      expect(received().map(({ id }) => id)).toEqual(data.events.nodes.map(({ id }) => id));
    },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await server.dispose();
    },
  };
}

/** Three times: the subscriber receives an event, and others are recorded around a cut. */
async function recordAndCut(
  front: FaultyFront,
  received: () => readonly unknown[],
  record: () => Promise<void>,
): Promise<void> {
  for (let cuts = 0; cuts < 3; cuts += 1) {
    const before = received().length;
    await record();
    await until(() => received().length > before, 15_000);
    front.cut();
    await record();
  }
}

/** Lets the server answer the next request, and loses the answer. */
export function loseNextAnswer(): { readonly lostCount: () => number } {
  const fetched = globalThis.fetch;
  let lost = 0;
  vi.spyOn(globalThis, 'fetch').mockImplementationOnce(async (...request) => {
    await (await fetched(...request)).text();
    lost += 1;
    throw new TypeError('fetch failed');
  });
  return { lostCount: () => lost };
}
