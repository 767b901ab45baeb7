import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { modules } from '../../src/contexts/all.ts';
import { type ActorServer, createActorServer } from '../support/actors.ts';
import { wideSelection } from '../support/wide-selection.ts';

const schema = buildSchema(modules);
/** Pages and trades are selected once, by the way of the objects. */
const repeats = new Set([
  'Query.node',
  'AccountConnection.edges',
  'OrderConnection.edges',
  'EventConnection.edges',
]);
/** A dry run has no history to show. */
const inDryRuns = new Set([...repeats, 'Account.history']);
const accountSelection = wideSelection(schema, 'Account', 2, repeats);
const tradeSelection = wideSelection(schema, 'Trade', 2, repeats);

let server: ActorServer;
beforeAll(async () => {
  server = await createActorServer();
});
afterAll(() => server.dispose());

const owners = ['ann', 'bob', 'cem', 'dea'] as const;

interface Step {
  readonly kind: 'deposit' | 'order' | 'transfer' | 'grant' | 'revoke' | 'cancel' | 'again';
  readonly who: number;
  readonly whom: number;
  readonly pick: number;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...(['deposit', 'order', 'order', 'order', 'transfer'] as const),
      ...(['grant', 'revoke', 'cancel', 'again'] as const),
    ),
    who: fc.nat(3),
    whom: fc.nat(3),
    pick: fc.nat(20),
  }),
  { minLength: 15, maxLength: 30 },
);

/** An account in the model, and the texts that only those who may see it may receive. */
interface Known {
  readonly id: string;
  readonly actor: string;
  readonly viewers: Set<string>;
  readonly secrets: Set<string>;
}

/** What one run of random actors does, and the model of who may see what. */
class Run {
  readonly accounts: Known[] = [];
  /** The texts that an actor has sent itself, such as the id of another account. */
  readonly given = new Map<string, Set<string>>();
  readonly orders: { readonly id: string; readonly account: Known }[] = [];
  readonly sent: { readonly actor: string; readonly query: string; readonly input: object }[] = [];
  readonly symbol: string;

  constructor(
    readonly prefix: string,
    readonly at: number,
  ) {
    this.symbol = `S${at}`;
  }

  async open(): Promise<void> {
    const { prefix, symbol } = this;
    const listing = { symbol, name: 'A share', currency: 'EUR', tickSize: '0.01', lotSize: '1' };
    await server.commandAs('ops', 'listInstrument', listing, ['MARKET']);
    for (const name of owners) {
      const actor = `${prefix}-${name}`;
      const id = randomUUID();
      const account = { id, actor, viewers: new Set([actor]), secrets: new Set([id, actor]) };
      this.accounts.push(account);
      this.given.set(actor, new Set([actor]));
      await server.commandAs(actor, 'openAccount', {
        accountId: id,
        owner: actor,
        currency: 'EUR',
      });
      await this.operate('depositCash', { accountId: id, amount: '1000.00' });
      await this.operate('depositShares', {
        accountId: id,
        symbol,
        quantity: '50',
        costPrice: '1.00',
      });
    }
  }

  private operate(name: string, input: object): Promise<object> {
    return server.commandAs('ops', name, input, ['OPERATOR']);
  }

  async take(step: Step): Promise<void> {
    const own = this.account(step.who);
    const other = this.account(step.whom);
    const { actor } = own;
    switch (step.kind) {
      case 'deposit': {
        const reference = `reference ${randomUUID()}`;
        own.secrets.add(reference);
        await this.operate('depositCash', { accountId: own.id, amount: '5.00', reference });
        return;
      }
      case 'order': {
        const orderId = randomUUID();
        const clientOrderId = `order ${randomUUID()}`;
        for (const secret of [orderId, clientOrderId]) own.secrets.add(secret);
        this.orders.push({ id: orderId, account: own });
        const side = step.pick % 2 === 0 ? 'BUY' : 'SELL';
        const terms = { type: 'LIMIT', timeInForce: 'GTC', quantity: String(1 + (step.pick % 5)) };
        const limitPrice = `${9 + (step.pick % 3)}.00`;
        const order = { ...terms, symbol: this.symbol, side, limitPrice, orderId, clientOrderId };
        return this.send(actor, 'placeOrder', { ...order, accountId: own.id });
      }
      case 'transfer': {
        const reference = `reference ${randomUUID()}`;
        for (const account of [own, other]) account.secrets.add(reference);
        // Who may see the sending account may see where its cash went.
        own.secrets.add(other.id);
        const ends = { fromAccountId: own.id, toAccountId: other.id };
        return this.send(actor, 'transferCash', { ...ends, amount: '1.00', reference });
      }
      case 'grant': {
        if (own === other) return;
        own.viewers.add(other.actor);
        own.secrets.add(other.actor);
        const access = ['VIEW', 'TRADE', 'FULL'][step.pick % 3];
        this.given.get(actor)?.add(other.actor);
        return this.send(actor, 'grantAccess', { accountId: own.id, actor: other.actor, access });
      }
      case 'revoke': {
        if (own === other) return;
        own.viewers.delete(other.actor);
        this.given.get(actor)?.add(other.actor);
        return this.send(actor, 'revokeAccess', { accountId: own.id, actor: other.actor });
      }
      case 'cancel': {
        const order = this.orders[step.pick % Math.max(1, this.orders.length)];
        if (order === undefined) return;
        this.given.get(actor)?.add(order.id);
        return this.send(actor, 'cancelOrder', { orderId: order.id });
      }
      case 'again': {
        const again = this.sent[step.pick % Math.max(1, this.sent.length)];
        if (again !== undefined) await this.post(again.actor, again.query, { input: again.input });
      }
    }
  }

  private async send(actor: string, name: string, fields: object): Promise<void> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    const result = wideSelection(schema, `${type}Result`, 2, inDryRuns);
    const query = `mutation M($input: ${type}Input!) { ${name}(input: $input) { ${result} } }`;
    const dry = { ...fields, dryRun: true, ...(name === 'placeOrder' && { orderId: null }) };
    await this.post(actor, query, { input: dry });
    const input = { ...fields, idempotencyKey: randomUUID() };
    this.sent.push({ actor, query, input });
    await this.post(actor, query, { input });
  }

  /** Sends an operation, and checks that nothing in the answer is a secret to the actor. */
  async post(actor: string, query: string, variables: object = {}): Promise<string> {
    const headers = await server.headersOf(actor);
    const answer = await server.send(
      query,
      { ...variables },
      {
        ...headers,
        'daybook-correlation-id': `correlation-of-${actor}`,
      },
    );
    // A recorded answer may show what the actor may not see any more: its fields then fail.
    const allowed = ['ACCOUNT_NOT_FOUND', 'ORDER_NOT_FOUND'];
    const faults = (answer.errors ?? []).filter(
      ({ extensions }) => !allowed.includes(String(extensions['code'])),
    );
    expect(faults).toEqual([]);
    const text = JSON.stringify(answer);
    this.assertNoSecret(actor, text);
    return text;
  }

  assertNoSecret(actor: string, text: string): void {
    const may = new Set(this.given.get(actor));
    for (const { viewers, secrets } of this.accounts) {
      if (viewers.has(actor)) for (const secret of secrets) may.add(secret);
    }
    for (const { actor: other, secrets } of this.accounts) {
      const forbidden = [...secrets].filter((secret) => !may.has(secret));
      if (other !== actor) forbidden.push(`correlation-of-${other}`);
      for (const secret of forbidden) {
        if (!text.includes(secret)) continue;
        const at = text.indexOf(secret);
        throw new Error(`${actor} received ${secret}: …${text.slice(at - 300, at + 60)}`);
      }
    }
  }

  /** What each actor can ask for: everything by every way. */
  async askAll(): Promise<void> {
    const all = this.accounts.flatMap(({ id }) => [id, `portfolio-${id}`]);
    const ids = [...all, ...this.orders.map(({ id }) => id)].slice(-12);
    for (const { actor } of this.accounts) {
      for (const id of ids) this.given.get(actor)?.add(id.replace('portfolio-', ''));
    }
    const nodes = ids.map((id, n) => `n${n}: node(id: "${id}") { __typename }`).join(' ');
    const past = `accounts(asOf: "${this.at}") { nodes { accountId owner } }`;
    const reads = [
      `{ accounts(first: 3) { nodes { ${accountSelection} } } }`,
      `{ orders { nodes { orderId clientOrderId account { owner } fills { tradeId } } } }`,
      `{ trades(symbol: "${this.symbol}", last: 10) { nodes { ${tradeSelection} } } }`,
      `{ ${nodes} ${past} }`,
    ];
    for (const { actor, id, viewers } of this.accounts) {
      let own = '';
      for (const query of reads) own += await this.post(actor, query);
      expect(own.includes(id), `${actor} sees the own account`).toBe(true);
      expect(viewers.has(actor)).toBe(true);
    }
  }

  private account(index: number): Known {
    const account = this.accounts[index];
    if (account === undefined) throw new Error(`there is no account ${index}`);
    return account;
  }
}

let runs = 0;

test('no actor receives what only others may see, whatever all of them do', async () => {
  const property = fc.asyncProperty(steps, async (program) => {
    runs += 1;
    const { sequence } = await server.engine.log.head();
    const run = new Run(`run${runs}`, sequence);
    await run.open();
    for (const step of program) await run.take(step);
    await run.askAll();
  });
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
}, 120_000);
