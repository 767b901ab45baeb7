import type { TestServer } from './server.ts';
import type { Input } from './trading-client.ts';

/** A mutation as it is sent. */
export interface SentCommand {
  readonly name: string;
  readonly input: Input;
}

export interface EventSeen {
  readonly type: string;
  readonly streamId: string;
  readonly version: number;
  readonly occurredAt: string | null;
  readonly data: Input;
}

interface TwinPayload extends Input {
  readonly __typename: string;
  readonly dryRun?: boolean;
  readonly sequence?: string;
  readonly events?: readonly (EventSeen & { readonly recordedAt: string })[];
  readonly proposedEvents?: readonly EventSeen[];
}

/** The answers to a command as a dry run and, right after it, for real. */
export interface Twins {
  readonly dry: TwinPayload;
  readonly real: TwinPayload;
  readonly head: { readonly before: string; readonly afterDryRun: string };
}

const candleRange = 'from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"';
const fragments: Readonly<Record<string, string>> = {
  instrument: `on Instrument {
    symbol name currency tickSize tradingStatus lastPrice lastPriceAt
    priceOn(time: "2100-01-01T00:00:00Z")
    orderBook(depth: 4) { bids { price quantity orders } asks { price quantity orders } sequence }
    candles(interval: DAY, ${candleRange}) { open high low close volume trades } }`,
  position: `on Position {
    symbol quantity held averageCost marketPrice marketValue unrealizedPnl realizedPnl }`,
  part: `on Order {
    id status filledQuantity leavesQuantity averagePrice reason sequence account { balance held } }`,
  trade: `on Trade {
    id symbol price quantity amount buyFee sellFee aggressor executedAt sequence
    buyOrder { ...part } sellOrder { ...part } }`,
  order: `on Order {
    ...part side type timeInForce quantity limitPrice stopPrice expiresAt postOnly placedAt updatedAt
    replaces { ...part } replacedBy { ...part } fills { ...trade }
    instrument { lastPrice orderBook { bids { price } asks { price } } } }`,
  orders: `on OrderConnection {
    edges { node { ...part } } pageInfo { hasNextPage hasPreviousPage } }`,
  account: `on Account {
    id owner currency balance held available status version openedAt updatedAt sequence
    positions { ...position instrument { ...instrument } }
    portfolio { cash marketValue equity unrealizedPnl realizedPnl sequence
      account { balance version } positions { ...position } }
    firstOrders: orders(first: 3) { ...orders }
    lastOrders: orders(last: 3) { ...orders }
    newestOpen: orders(first: 3, descending: true,
      filter: { statuses: [HELD, NEW, PARTIALLY_FILLED] }) { ...orders } }`,
};

const ofAccount = 'account { ...account }';
const ofInstrument = 'instrument { ...instrument }';
const ofOrder = `order { ...order account { ...account } } ${ofAccount}`;

/** The fields requested of a mutation's payload: everything that can change. */
const payloads: Readonly<Record<string, string>> = {
  openAccount: ofAccount,
  depositCash: ofAccount,
  withdrawCash: ofAccount,
  creditInterest: ofAccount,
  freezeAccount: ofAccount,
  unfreezeAccount: ofAccount,
  closeAccount: ofAccount,
  depositShares: ofAccount,
  transferCash: 'from { ...account } to { ...account }',
  listInstrument: ofInstrument,
  recordPrice: ofInstrument,
  recordPrices: ofInstrument,
  haltTrading: ofInstrument,
  resumeTrading: ofInstrument,
  placeOrder: `${ofOrder} trades { ...trade }`,
  cancelOrder: ofOrder,
  replaceOrder: `${ofOrder} replaced { ...order } trades { ...trade }`,
};

/** Sends a command as a dry run and then for real, without commands in between. */
export async function sendTwins(server: TestServer, command: SentCommand): Promise<Twins> {
  const head = async (): Promise<string> => String((await server.engine.log.head()).sequence);
  const before = await head();
  const dry = await send(server, command, true);
  const afterDryRun = await head();
  return { dry, real: await send(server, command, false), head: { before, afterDryRun } };
}

async function send(
  server: TestServer,
  { name, input }: SentCommand,
  dryRun: boolean,
): Promise<TwinPayload> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const payload = payloads[name] ?? '';
  const event = 'type streamId version occurredAt data';
  const { data, errors } = await server.send<Readonly<Record<string, TwinPayload>>>(
    withFragments(`mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
      ... on ${type}Payload { sequence dryRun events { ${event} recordedAt }
        proposedEvents { ${event} } ${payload} }
      ... on Error { code message } } }`),
    { input: { ...input, dryRun } },
  );
  const answer = data?.[name];
  if (errors || answer === undefined) throw new Error(JSON.stringify({ name, input, errors }));
  return answer;
}

/** A text with the fragments that it spreads, and those that these spread. */
function withFragments(text: string): string {
  const used = new Set<string>();
  const collect = (from: string): void => {
    for (const [, name = ''] of from.matchAll(/\.\.\.(\w+)/g)) {
      if (used.has(name)) continue;
      used.add(name);
      collect(fragments[name] ?? '');
    }
  };
  collect(text);
  return [text, ...[...used].map((name) => `fragment ${name} ${fragments[name]}`)].join(' ');
}

/**
 * An answer without its sequences and times, and with new ids named by their first appearance. The
 * ids of a dry run lose what names the dry run.
 */
export function comparable(answer: unknown, knownIds: ReadonlySet<string>): unknown {
  const names = new Map<string, string>();
  const text = JSON.stringify(answer, (key, value) => (key === 'sequence' ? 'sequence' : value))
    .replaceAll(/(?<="id":"[^"@]+)@\d+(?:\+[0-9a-f-]{36})?(?=")/g, '')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, 'time')
    .replaceAll(uuidPattern, (id) => {
      if (knownIds.has(id)) return id;
      const name = names.get(id) ?? `new id ${names.size + 1}`;
      names.set(id, name);
      return name;
    });
  return JSON.parse(text);
}

const uuidPattern = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export function idsIn(value: unknown): readonly string[] {
  return JSON.stringify(value).match(uuidPattern) ?? [];
}

/** Every `sequence` anywhere in an answer. */
export function sequencesIn(value: unknown): readonly number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'sequence' ? [Number(member)] : sequencesIn(member),
  );
}
