import { randomUUID } from 'node:crypto';
import { delay } from '../../src/lib/delay.ts';

/** Accounts and an instrument that two servers use at the same time. */
export interface Stage {
  readonly symbol: string;
  readonly accountIds: readonly string[];
}

/** The results of a load. */
export interface Answered {
  /** The number of accepted deposits of 1.00. */
  readonly deposits: number;
  readonly orders: number;
  readonly faults: readonly string[];
}

export interface GraphQLAnswer {
  readonly data?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: object }[];
}

/** Sends an operation over HTTP; throws if the server cannot be reached. */
export async function sendTo(url: string, query: string, variables = {}): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GraphQLAnswer;
}

/** Lists an instrument and opens four accounts with cash and shares. */
export async function setStage(url: string): Promise<Stage> {
  const symbol = 'ACME';
  const accountIds = [1, 2, 3, 4].map(() => randomUUID());
  const terms = 'name: "Acme", currency: "USD", tickSize: "0.01", lotSize: "1"';
  await expectAccepted(url, `listInstrument(input: { symbol: "${symbol}", ${terms} })`);
  for (const id of accountIds) {
    const cash = `accountId: "${id}", amount: "1000000.00"`;
    const shares = `accountId: "${id}", symbol: "${symbol}", quantity: "100000", costPrice: "1"`;
    await expectAccepted(
      url,
      `openAccount(input: { accountId: "${id}", owner: "Ada", currency: "USD" })`,
    );
    await expectAccepted(url, `depositCash(input: { ${cash} })`);
    await expectAccepted(url, `depositShares(input: { ${shares} })`);
  }
  return { symbol, accountIds };
}

/**
 * Deposits, transfers, trades and reads through a server until the signal fires. A command without
 * an answer is sent again with its key, to the URL that the server has then.
 */
export async function work(
  urlOf: () => string,
  stage: Stage,
  signal: AbortSignal,
): Promise<Answered> {
  const answered = { deposits: 0, orders: 0, faults: [] as string[] };
  const [own = '', ...others] = stage.accountIds;
  const pick = (round: number): string => others[round % others.length] ?? own;
  const workers = [0, 1, 2].map(async (worker) => {
    for (let round = worker; !signal.aborted; round += 3) {
      const [from, to] = round % 2 === 0 ? [own, pick(round)] : [pick(round), own];
      const side = round % 2 === 0 ? 'BUY' : 'SELL';
      const order = `symbol: "${stage.symbol}", side: ${side}, type: LIMIT, timeInForce: GTC`;
      const commands = [
        `depositCash(input: { accountId: "${to}", amount: "1.00", KEY })`,
        `transferCash(input: { fromAccountId: "${from}", toAccountId: "${to}", ` +
          'amount: "0.01", KEY })',
        `placeOrder(input: { accountId: "${to}", ${order}, ` +
          'quantity: "2", limitPrice: "10.00", KEY })',
      ];
      for (const [index, command] of commands.entries()) {
        const keyed = command.replace('KEY', `idempotencyKey: "${randomUUID()}"`);
        const fault = await untilAnswered(urlOf, `mutation { answer: ${keyed} { __typename } }`);
        if (fault !== null) answered.faults.push(`${command}: ${fault}`);
        else if (index === 0) answered.deposits += 1;
        else if (index === 2) answered.orders += 1;
      }
      const read = `account(id: "${to}") { balance portfolio { equity } }
        instrument(symbol: "${stage.symbol}") { orderBook { bids { price quantity } } }`;
      const fault = await untilAnswered(urlOf, `{ ${read} }`);
      if (fault !== null) answered.faults.push(`read: ${fault}`);
    }
  });
  await Promise.all(workers);
  return answered;
}

const attemptsMax = 200;

/** Returns what was wrong with the answer; null: it was right. */
async function untilAnswered(urlOf: () => string, query: string): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { data, errors } = await sendTo(urlOf(), query);
      if (errors !== undefined) return JSON.stringify(errors);
      const type = data?.['answer']?.['__typename'];
      return type === undefined || String(type).endsWith('Payload') ? null : String(type);
    } catch (error) {
      // The server is being restarted.
      if (attempt === attemptsMax) return String(error);
      await delay(100);
    }
  }
}

async function expectAccepted(url: string, command: string): Promise<void> {
  const fault = await untilAnswered(() => url, `mutation { answer: ${command} { __typename } }`);
  if (fault !== null) throw new Error(`${command}: ${fault}`);
}
