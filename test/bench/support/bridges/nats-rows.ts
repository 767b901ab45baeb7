import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { noNats, startNatsServer } from '../../../support/nats-server.ts';
import { repeat } from '../bench.ts';
import { type Comparison, toDuration, toRate } from '../comparison.ts';
import type { Stage } from '../stage.ts';
import { startWorker } from '../worker.ts';
import { type Bus, catchUp, withBridge } from './bus.ts';
import { costOfBridge } from './cost.ts';
import type { MeasuredDelay } from './delay-worker.ts';
import type { EventLog } from './event-log.ts';
import { memoryOf } from './memory.ts';
import { appendBatch, eventsOf, half, perSecondMin } from './pace.ts';

/** How many messages wait for an acknowledgement, in the bridge and in the bare client. */
const inFlight = 500;
const stream = 'DAYBOOK';

/** The figures of the bridge to NATS JetStream; none if there is no server. */
export async function natsRows(stage: Stage, log: EventLog): Promise<readonly Comparison[]> {
  if (noNats !== null) {
    stage.progress(`bridges: ${noNats}: its rows are left out`);
    return [];
  }
  const server = await startNatsServer();
  return stage.withWorkers([{ stop: () => server.dispose() }], async () => {
    const connection = await connect({ servers: [server.address] });
    const manager = await jetstreamManager(connection);
    const bus: Bus = {
      name: 'NATS',
      bridge: (round) => ({
        name: `nats-${round}`,
        kind: 'nats',
        servers: [server.address],
        stream,
        from: 'beginning',
      }),
      async position() {
        const info = await manager.streams.info(stream).catch(() => null);
        return info?.state.last_seq ?? 0;
      },
    };
    const deleteStream = async () => {
      await manager.streams.delete(stream);
    };
    const { address } = server;
    const rates = await compareRates(stage, log, { bus, address });
    const delays = await delayOf(stage, log, { bus, address });
    await deleteStream();
    const cost = await costOfBridge(stage, bus);
    await deleteStream();
    const memory = stage.timing.isThorough ? await memoryOf(stage, bus, log) : [];
    await connection.close();
    return [...rates, ...delays, ...cost, ...memory];
  });
}

interface Nats {
  readonly bus: Bus;
  readonly address: string;
}

async function compareRates(
  stage: Stage,
  log: EventLog,
  { bus, address }: Nats,
): Promise<readonly Comparison[]> {
  const events = await log.head();
  const count = Math.min(events, eventsOf(stage));
  const bare = startWorker(new URL('bare-nats.ts', import.meta.url));
  const rounds = await stage.withWorkers([bare], () =>
    repeat(stage.timing.rounds, async (round) => {
      const target = { url: log.url, round: String(round) };
      const bridge = await withBridge(stage, bus, target, (running) =>
        catchUp(bus, running, { events }),
      );
      const taken = await bare.call<number>('take', { address, stream, count });
      const ms = await bare.call<number>('publish', { address, stream, inFlight });
      const client = (taken / ms) * 1_000;
      const texts = [bridge, client].map((rate) => `${Math.round(rate)}/s`);
      stage.progress(`bridges: NATS, round ${round}: ${texts.join(', the client alone ')}`);
      return { bridge, client };
    }),
  );
  const what = 'NATS: events a second, catching up';
  const ours = toRate(rounds.map(({ bridge }) => bridge));
  const theirs = toRate(rounds.map(({ client }) => client));
  return [
    { what, ours, peer: '', theirs: null, target: { atLeast: perSecondMin } },
    { what, ours, peer: '@nats-io/jetstream alone', theirs, target: { atLeast: 0.5 } },
  ];
}

async function delayOf(
  stage: Stage,
  log: EventLog,
  { bus, address }: Nats,
): Promise<readonly Comparison[]> {
  const { url } = log;
  const source = { kind: 'nats', address, place: stream };
  const worker = startWorker(new URL('delay-worker.ts', import.meta.url));
  const job = { ...stage.timing, url, source, perSecond: half, batchSize: appendBatch };
  return withBridge(stage, bus, { url, round: 'delay' }, (running) =>
    stage.withWorkers([worker], async () => {
      await catchUp(bus, running, { events: await log.head() });
      const rounds = await repeat(stage.timing.rounds, async (round) => {
        const delay = await worker.call<MeasuredDelay>('ofAppends', job);
        const { p50Ms, p99Ms, perSecond } = delay;
        const texts = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`;
        const rate = `at ${Math.round(perSecond)} events/s`;
        stage.progress(`bridges: NATS, commit to subscriber, round ${round}: ${texts} ${rate}`);
        return delay;
      });
      return [
        {
          what: 'NATS: commit to subscriber, p99',
          ours: toDuration(rounds.map(({ p99Ms }) => p99Ms)),
          peer: '',
          theirs: null,
          target: { atMost: 100 },
        },
      ];
    }),
  );
}
