import type { Bench } from './support/bench.ts';
import { createEventLog } from './support/bridges/event-log.ts';
import { kafkaRows } from './support/bridges/kafka-rows.ts';
import { natsRows } from './support/bridges/nats-rows.ts';
import { appendBatch, commandsPerSecond, eventsOf, half } from './support/bridges/pace.ts';
import { startWorker } from './support/worker.ts';

/** Bridges to real servers, compared with the clients of these servers alone. */
export const bridges: Bench = {
  name: 'bridges',
  method:
    'NATS and Kafka run on the same machine, one after the other; the bridge has its own process, ' +
    'without views. Catching up: the events a second between the first and the last one that can ' +
    'be read from the server, 100,000 of them (20,000 with --quick). The client alone publishes ' +
    'the same subjects, headers and bytes to the same server: NATS with the same expectations and ' +
    'acknowledgements, at most 500 under way, its headers made beforehand; Kafka with an ' +
    'idempotent producer and transactions of 2,000 records to the same partitions. Commit to ' +
    `subscriber: ${half.toLocaleString('en')} events a second in batches of ${appendBatch} with ` +
    'log.append in another process, from its return until a consumer in that process has the ' +
    `message. Command to record: ${commandsPerSecond} depositCash a second through the processor ` +
    'of another process, from the outcome until a consumer of committed records has the record; ' +
    'the client alone: as many transactions of one record. Deposits with a bridge: as the bench ' +
    'deposit does, in turns with a server without a bridge.',
  run: (stage) => {
    const worker = startWorker(new URL('support/log-worker.ts', import.meta.url));
    return stage.withWorkers([worker], async () => {
      const url = await stage.database('daybook_bridges');
      await worker.call('start', { url });
      const log = createEventLog(worker, url);
      stage.progress('bridges: appending events');
      await log.fillTo(eventsOf(stage));
      return [...(await natsRows(stage, log)), ...(await kafkaRows(stage, log))];
    });
  },
};
