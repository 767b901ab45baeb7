import { Admin, FetchIsolationLevels, ListOffsetTimestamps } from '@platformatic/kafka';
import { startKafkaBroker } from '../../../support/kafka/kafka-broker.ts';
import { noKafka } from '../../../support/kafka/resolve-kafka.ts';
import { repeat } from '../bench.ts';
import { type Comparison, toDuration, toRate } from '../comparison.ts';
import type { Delay } from '../live-job.ts';
import type { Stage } from '../stage.ts';
import { startWorker, type Worker } from '../worker.ts';
import { type Bus, catchUp, type RunningBridge, withBridge } from './bus.ts';
import type { MeasuredDelay } from './delay-worker.ts';
import type { EventLog } from './event-log.ts';
import { memoryOf } from './memory.ts';
import { appendBatch, commandsPerSecond, eventsOf, half, perSecondMin } from './pace.ts';

/** Records of one transaction, in the bridge and in the bare client. */
const batchSize = 2_000;
const partitions = 6;

/** The figures of the bridge to Kafka; none if there is no broker. */
export async function kafkaRows(stage: Stage, log: EventLog): Promise<readonly Comparison[]> {
  if (noKafka !== null) {
    stage.progress(`bridges: ${noKafka}: the rows of Kafka are left out`);
    return [];
  }
  stage.progress('bridges: starting Kafka');
  const broker = await startKafkaBroker();
  return stage.withWorkers([{ stop: () => broker.dispose() }], async () => {
    const { address } = broker;
    const admin = new Admin({ clientId: 'bench', bootstrapBrokers: [address], retries: 5 });
    const kafka: Kafka = { address, admin, bus: createBus(address, admin) };
    const bare = startWorker(new URL('bare-kafka.ts', import.meta.url));
    const rows = await stage.withWorkers([bare], async () => [
      ...(await compareRates(stage, log, kafka, bare)),
      ...(await compareDelays(stage, log, kafka, bare)),
    ]);
    const memory = stage.timing.isThorough ? await memoryOf(stage, kafka.bus, log) : [];
    await admin.close();
    return [...rows, ...memory];
  });
}

interface Kafka {
  readonly address: string;
  readonly admin: Admin;
  readonly bus: Bus;
}

function createBus(address: string, admin: Admin): Bus {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: ListOffsetTimestamps.LATEST,
  }));
  return {
    name: 'Kafka',
    bridge: (round) => ({
      name: `kafka-${round}`,
      kind: 'kafka',
      brokers: [address],
      topic: topicOf(round),
      partitions,
      from: 'beginning',
    }),
    /** The records that are committed, with the marks of the transactions. */
    async position(round) {
      const topics = [{ name: topicOf(round), partitions: asked }];
      const isolationLevel = FetchIsolationLevels.READ_COMMITTED;
      const listed = await admin.listOffsets({ topics, isolationLevel }).catch(() => []);
      const offsets = listed[0]?.partitions.map(({ offset }) => Number(offset)) ?? [];
      return offsets.reduce((sum, offset) => sum + offset, 0);
    },
  };
}

function topicOf(round: string): string {
  return `daybook.${round}`;
}

async function createTopic({ admin }: Kafka, topic: string): Promise<void> {
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
}

async function compareRates(
  stage: Stage,
  log: EventLog,
  kafka: Kafka,
  bare: Worker,
): Promise<readonly Comparison[]> {
  const { address, bus } = kafka;
  const events = await log.head();
  const count = Math.min(events, eventsOf(stage));
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const target = { url: log.url, round: String(round) };
    const bridge = await withBridge(stage, bus, target, (running) =>
      catchUp(bus, running, { events }),
    );
    const topic = `bare.${round}`;
    await createTopic(kafka, topic);
    const taken = await bare.call<number>('take', { address, topic: topicOf(target.round), count });
    const ms = await bare.call<number>('produce', { address, topic, batchSize });
    const client = (taken / ms) * 1_000;
    const texts = [bridge, client].map((rate) => `${Math.round(rate)}/s`);
    stage.progress(`bridges: Kafka, round ${round}: ${texts.join(', the client alone ')}`);
    return { bridge, client };
  });
  const what = 'Kafka: events a second, catching up';
  const ours = toRate(rounds.map(({ bridge }) => bridge));
  const theirs = toRate(rounds.map(({ client }) => client));
  return [
    { what, ours, peer: '', theirs: null, target: { atLeast: perSecondMin } },
    { what, ours, peer: '@platformatic/kafka alone', theirs, target: { atLeast: 0.5 } },
  ];
}

async function compareDelays(
  stage: Stage,
  log: EventLog,
  kafka: Kafka,
  bare: Worker,
): Promise<readonly Comparison[]> {
  const { url } = log;
  const worker = startWorker(new URL('delay-worker.ts', import.meta.url));
  const round = 'delay';
  await createTopic(kafka, 'bare.delay');
  return withBridge(stage, kafka.bus, { url, round }, (running) =>
    stage.withWorkers([worker], async () => {
      await catchUp(kafka.bus, running, { events: await log.head() });
      const rounds = await repeat(stage.timing.rounds, () =>
        measureDelays(stage, { worker, bare, kafka, url, running }),
      );
      const appends = rounds.map(({ append }) => append.p99Ms);
      const p50Of = (name: 'command' | 'client') => rounds.map((found) => found[name].p50Ms);
      return [
        {
          what: 'Kafka: commit to subscriber, p99',
          ours: toDuration(appends),
          peer: '',
          theirs: null,
          target: { atMost: 100 },
        },
        {
          what: "Kafka: command's answer to record readable, p50",
          ours: toDuration(p50Of('command')),
          peer: 'client alone, produce to consume',
          theirs: toDuration(p50Of('client')),
          target: { atMost: 3 },
        },
      ];
    }),
  );
}

interface DelayParts {
  readonly worker: Worker;
  readonly bare: Worker;
  readonly kafka: Kafka;
  readonly url: string;
  readonly running: RunningBridge;
}

async function measureDelays(stage: Stage, { worker, bare, kafka, url, running }: DelayParts) {
  const { address } = kafka;
  const source = { kind: 'kafka', address, place: topicOf(running.round) };
  const load = { ...stage.timing, url, source };
  const append = await worker.call<MeasuredDelay>('ofAppends', {
    ...load,
    perSecond: half,
    batchSize: appendBatch,
  });
  const command = await worker.call<MeasuredDelay>('ofCommands', {
    ...load,
    perSecond: commandsPerSecond,
  });
  const client = await bare.call<Delay>('produceToConsume', {
    ...stage.timing,
    address,
    topic: 'bare.delay',
    perSecond: commandsPerSecond,
  });
  const texts = [append, command, client].map(
    ({ p50Ms, p99Ms }) => `${p50Ms.toFixed(1)} (p99 ${p99Ms.toFixed(1)})`,
  );
  stage.progress(
    `bridges: Kafka, commit to subscriber at ${Math.round(append.perSecond)} events/s, ` +
      `command to record, client alone: ${texts.join(', ')} ms`,
  );
  return { append, command, client };
}
