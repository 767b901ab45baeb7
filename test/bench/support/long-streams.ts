import { repeat } from './bench.ts';
import { type Comparison, toDuration } from './comparison.ts';
import type { Stage } from './stage.ts';
import { startWorker } from './worker.ts';

const shortEvents = 1_000;

/** How `compareStreams` obtains its figures. */
export const longStreamMethod =
  'The streams are accounts with 100 deposits after the last snapshot, loaded into an empty cache ' +
  'in turn; p50 of 200 loads.';

/** The load of a long stream from its snapshot, compared with that of a short one. */
export function compareStreams(stage: Stage, events: number): Promise<readonly Comparison[]> {
  const worker = startWorker(new URL('stream-worker.ts', import.meta.url));
  return stage.withWorkers([worker], async () => {
    await worker.call('start', { url: await stage.database('long_stream') });
    const size = events.toLocaleString('en');
    stage.progress(`long: recording a stream of ${size} events`);
    const longer = await worker.call<string>('record', { events });
    const short = await worker.call<string>('record', { events: shortEvents });
    const load = (streamId: string) => worker.call<number>('load', { streamId });
    await load(short);
    const rounds = await repeat(stage.timing.rounds + 1, async (round) => {
      const theirs = await load(short);
      const ours = await load(longer);
      stage.progress(
        `long: streams, round ${round}: ${ours.toFixed(2)} and ${theirs.toFixed(2)} ms`,
      );
      return { theirs, ours };
    });
    return [
      {
        what: `load of a stream of ${size} events, p50`,
        ours: toDuration(rounds.map(({ ours }) => ours)),
        peer: `one of ${shortEvents.toLocaleString('en')} events`,
        theirs: toDuration(rounds.map(({ theirs }) => theirs)),
        target: { atMost: 1.3 },
      },
    ];
  });
}
