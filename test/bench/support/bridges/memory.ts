import { type Comparison, toSize } from '../comparison.ts';
import type { Stage } from '../stage.ts';
import { type Bus, catchUp, withBridge } from './bus.ts';
import type { EventLog } from './event-log.ts';

const events = 500_000;
const rounded = events.toLocaleString('en');

/** The memory of a bridge that catches up: at the end, compared with the beginning. */
export async function memoryOf(
  stage: Stage,
  bus: Bus,
  log: EventLog,
): Promise<readonly Comparison[]> {
  await log.fillTo(events);
  const total = await log.head();
  const { url } = log;
  return withBridge(stage, bus, { url, round: 'memory' }, async (bridge) => {
    const samples: number[] = [];
    const onSecond = async () => {
      samples.push(await bridge.worker.call<number>('megabytes'));
    };
    const perSecond = await catchUp(bus, bridge, { events: total, onSecond });
    const texts = samples.map((megabytes) => megabytes.toFixed(0)).join(' ');
    stage.progress(`bridges: ${bus.name}: ${Math.round(perSecond)}/s, memory in MB: ${texts}`);
    const third = Math.max(1, Math.floor(samples.length / 3));
    return [
      {
        what: `${bus.name}: memory over ${rounded} events, last third`,
        ours: toSize([mean(samples.slice(-third))]),
        peer: 'the first third',
        theirs: toSize([mean(samples.slice(0, third))]),
        target: { atMost: 1.2 },
      },
    ];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
