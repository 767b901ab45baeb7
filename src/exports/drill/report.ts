import type { DrillReport } from './run-drill.ts';

/** The lines of a report for people: a table of the steps, and what they mean. */
export function drillLines({
  ok,
  steps,
  restored,
  lost,
  recoverySeconds,
}: DrillReport): readonly string[] {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, ok: isOk, seconds, fault }) => {
    const time = seconds.toFixed(1).padStart(8);
    return `${name.padEnd(width)}  ${time} s  ${isOk ? 'ok' : `FAILED: ${fault}`}`;
  });
  if (restored !== null) {
    const when = restored.recordedAt === null ? '' : ` of ${restored.recordedAt}`;
    lines.push(`restored: everything up to event ${restored.sequence}${when}`);
  }
  if (lost !== null) {
    const { events, from, to, seconds } = lost;
    const range = events === 0 ? 'no event' : `${events} events, ${from} to ${to}`;
    lines.push(`would have been lost: ${range} (${seconds.toFixed(1)} s)`);
  }
  const result = ok ? 'ok' : 'FAILED';
  return [...lines, `recovery takes ${recoverySeconds.toFixed(1)} s`, `drill: ${result}`];
}
