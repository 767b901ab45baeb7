import { randomUUID } from 'node:crypto';
import { issueToken } from '../../src/api/transport/token.ts';
import type { Role } from '../../src/kernel/role.ts';
import { type Answer, createTestServer, type TestServer } from './server.ts';

export const actorSecret = 'a secret of at least 32 characters';

/** A server with authentication, and what its actors send. */
export interface ActorServer extends TestServer {
  /** The headers of an actor with some roles. */
  headersOf(actor: string, roles?: readonly Role[]): Promise<Readonly<Record<string, string>>>;
  /** Sends an operation as an actor. */
  sendAs<Data>(
    actor: string,
    query: string,
    variables?: object,
    roles?: readonly Role[],
  ): Promise<Answer<Data>>;
  /** Sends a command as an actor; returns its payload or its rejection. Throws on other errors. */
  commandAs(actor: string, name: string, input: object, roles?: readonly Role[]): Promise<Sent>;
}

interface Sent {
  readonly code?: string;
  readonly message?: string;
  readonly sequence: string;
}

export async function createActorServer(): Promise<ActorServer> {
  const server = await createTestServer({ jwtSecret: actorSecret });
  const known = new Map<string, Promise<string>>();
  const tokenOf = (actor: string, roles: readonly Role[]): Promise<string> => {
    const name = JSON.stringify([actor, roles]);
    const token =
      known.get(name) ?? issueToken({ jwt: { secret: actorSecret } }, { actor, roles, hours: 1 });
    known.set(name, token);
    return token;
  };
  const headersOf: ActorServer['headersOf'] = async (actor, roles = []) => ({
    authorization: `Bearer ${await tokenOf(actor, roles)}`,
  });
  /** Actors see what other actors did once the views show it; tests do not wait for that. */
  let latest = 0;
  const sendAs: ActorServer['sendAs'] = async (actor, query, variables = {}, roles = []) => {
    const headers = { ...(await headersOf(actor, roles)), 'daybook-min-sequence': String(latest) };
    return server.send(query, { ...variables }, headers);
  };
  return Object.assign(server, {
    headersOf,
    sendAs,
    async commandAs(actor: string, name: string, input: object, roles: readonly Role[] = []) {
      const type = name.charAt(0).toUpperCase() + name.slice(1);
      const query = `mutation M($input: ${type}Input!) { ${name}(input: $input) {
        ... on ${type}Payload { sequence } ... on Error { code message } } }`;
      const { data, errors } = await sendAs<Record<string, Sent>>(actor, query, { input }, roles);
      const sent = data?.[name];
      if (sent?.sequence !== undefined) latest = Math.max(latest, Number(sent.sequence));
      if (sent == null) throw new Error(`${name}: ${JSON.stringify(errors)}`);
      return sent;
    },
  });
}

/** The ids of two accounts that have traded with each other, and of what belongs to them. */
export interface TwoAccounts {
  readonly account: string;
  readonly order: string;
  readonly trade: string;
  readonly other: string;
  readonly otherOrder: string;
  /** The head of the log after all of it, as a moment. */
  readonly end: string;
}

/**
 * Opens an account of `olga` and one of `cora`, who trade with each other. Vic, tom and fred are
 * let in to the account of olga; rita was, and is not any more. Order `order` rests in the book.
 */
export async function openTwoAccounts(server: ActorServer): Promise<TwoAccounts> {
  const [account, other, order, otherOrder] = [1, 2, 3, 4].map(() => randomUUID()) as [
    ...[string, string, string, string],
  ];
  const operate = async (name: string, input: object): Promise<void> => {
    const sent = await server.commandAs('ops', name, input, ['OPERATOR', 'MARKET']);
    if (sent.code !== undefined) throw new Error(`${name}: ${sent.message}`);
  };
  const listing = { symbol: 'AAA', name: 'Triple A', currency: 'EUR', tickSize: '0.01' };
  await operate('listInstrument', { ...listing, lotSize: '1' });
  await operate('openAccount', { accountId: account, owner: 'olga', currency: 'EUR' });
  await operate('openAccount', { accountId: other, owner: 'cora', currency: 'EUR' });
  await operate('depositCash', { accountId: account, amount: '1000.00', reference: 'salary' });
  const shares = { symbol: 'AAA', quantity: '50', costPrice: '1.00' };
  await operate('depositShares', { accountId: other, ...shares });
  const terms = { symbol: 'AAA', type: 'LIMIT', timeInForce: 'GTC', limitPrice: '10.00' };
  const place = (actor: string, input: object) =>
    server.commandAs(actor, 'placeOrder', { ...terms, ...input });
  await place('cora', { accountId: other, orderId: otherOrder, side: 'SELL', quantity: '5' });
  await place('olga', { accountId: account, orderId: order, side: 'BUY', quantity: '8' });
  const grants = { vic: 'VIEW', tom: 'TRADE', fred: 'FULL', rita: 'FULL' };
  for (const [actor, access] of Object.entries(grants)) {
    await server.commandAs('olga', 'grantAccess', { accountId: account, actor, access });
  }
  await server.commandAs('olga', 'revokeAccess', { accountId: account, actor: 'rita' });
  const { data } = await server.sendAs<{
    readonly trades: { readonly nodes: readonly [{ readonly tradeId: string }] };
    readonly sequence: string;
  }>('olga', '{ trades(symbol: "AAA") { nodes { tradeId } } sequence }');
  const trade = data.trades.nodes[0].tradeId;
  return { account, other, order, otherOrder, trade, end: data.sequence };
}
