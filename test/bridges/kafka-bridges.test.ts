import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kafkaEventTarget, kafkaStateBridges } from '../../src/bridges/kafka-bridges.ts';
import type { OutboundParts } from '../../src/bridges/outbound-parts.ts';
import type { KafkaSettings } from '../../src/bridges/settings.ts';
import type { Target, TargetKind } from '../../src/bridges/target.ts';
import { modules } from '../../src/contexts/all.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { type KafkaBroker, startKafkaBroker } from '../support/kafka/kafka-broker.ts';
import { kafkaSkip, noKafka } from '../support/kafka/resolve-kafka.ts';

const contexts = modules.map(({ context }) => context);
const secret = () => '';

describe.skipIf(noKafka)(`the producers of Kafka bridges${kafkaSkip}`, () => {
  const { signal } = new AbortController();
  let broker: KafkaBroker;
  let ledger: string;
  const opened: Target[] = [];

  beforeAll(async () => {
    broker = await startKafkaBroker();
  }, 300_000);
  afterAll(() => broker?.dispose());
  beforeEach(() => {
    ledger = newUuid();
  });
  afterEach(async () => {
    for (const target of opened.splice(0)) await target.close();
  });

  const settingsOf = (name: string): KafkaSettings => ({
    name,
    kind: 'kafka',
    from: 'beginning',
    filter: { types: [], contexts: [] },
    brokers: [broker.address],
    tls: false,
    topic: `events.${name}.${ledger}`,
    perContext: false,
    partitions: 1,
    state: [{ view: 'accounts', topic: `accounts.${name}.${ledger}` }],
  });
  const eventTarget = (name: string, own = ledger): TargetKind =>
    kafkaEventTarget({
      settings: settingsOf(name),
      contexts,
      ledger: own,
      secret,
      contextOf: () => 'accounts',
      filter: {},
    });
  function stateTarget(name: string): TargetKind {
    // The rest is only for the source, which is not opened.
    const parts = { contexts, ledger, secret } as unknown as OutboundParts;
    const [bridge] = kafkaStateBridges(settingsOf(name), parts);
    if (bridge === undefined) throw new Error('there is no state bridge');
    return bridge.target;
  }

  /** Opens a target, which shuts out each producer of the same transactional id. */
  async function takeOver(kind: TargetKind): Promise<Target> {
    const target = await kind.open(signal);
    opened.push(target);
    await target.last(signal);
    return target;
  }
  async function send(target: Target): Promise<void> {
    const id = newUuid();
    const attributes = { id, ledger, sequence: '1', type: 'daybook.AccountOpened' };
    const message = { sequence: 1, eventId: id, key: 'a', attributes, data: '{}' };
    await target.send([{ ...message, lane: target.laneOf(message), previous: 0 }], signal);
  }

  test('a server shuts out another server of the same bridge', async () => {
    for (const kind of [eventTarget('kafka'), stateTarget('kafka')]) {
      const older = await takeOver(kind);
      const newer = await takeOver(kind);
      await expect(send(older)).rejects.toThrow(/FENCED|EPOCH/);
      await send(newer);
    }
  });

  test('no bridge shuts out another one', async () => {
    const kinds = [
      eventTarget('kafka'),
      stateTarget('kafka'),
      eventTarget('other'),
      stateTarget('other'),
      // A bridge of the same name of another Daybook.
      eventTarget('kafka', newUuid()),
    ];
    const targets: Target[] = [];
    for (const kind of kinds) targets.push(await takeOver(kind));
    for (const target of targets) await send(target);
  });
});
