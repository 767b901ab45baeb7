import { answerJobs } from './answer-jobs.mjs';
import { type Connection, isOk, openConnection, toHttpRequest } from './connection.ts';
import type { GroupLoad, LoadJob, RequestGroup } from './load-job.ts';
import { percentile, pick } from './statistics.ts';

/** The load generator, a separate process, so that its cost does not count for the server. */
answerJobs({ load });

interface Tally {
  readonly group: RequestGroup;
  readonly requests: readonly string[];
  readonly latenciesMs: number[];
  unexpectedCount: number;
  unexpected: string | null;
}

async function load(job: LoadJob): Promise<readonly GroupLoad[]> {
  const tallies = job.groups.map(toTally);
  const startAt = performance.now() + job.warmUpMs;
  const period = { startAt, endAt: startAt + job.measuredMs };
  await Promise.all(
    Array.from({ length: job.connections }, () => keepSending(job.port, tallies, period)),
  );
  return tallies.map((tally) => toGroupLoad(tally, job.measuredMs));
}

interface Period {
  readonly startAt: number;
  readonly endAt: number;
}

function keepSending(port: number, tallies: readonly Tally[], period: Period): Promise<void> {
  return new Promise((resolve, reject) => {
    openConnection({ port, onLost: reject }).then((connection) => {
      run(connection, tallies, period, () => {
        connection.end();
        resolve();
      });
    }, reject);
  });
}

function run(
  connection: Connection,
  tallies: readonly Tally[],
  { startAt, endAt }: Period,
  onEnd: () => void,
): void {
  let turn = 0;
  function sendNext(now: number): void {
    if (now >= endAt) {
      onEnd();
      return;
    }
    const tally = tallies[turn % tallies.length] as Tally;
    turn += 1;
    connection.send(pick(tally.requests), (answer) => {
      const answeredAt = performance.now();
      if (!isOk(answer) || !answer.includes(tally.group.expected)) {
        tally.unexpectedCount += 1;
        tally.unexpected ??= answer;
      } else if (now >= startAt && answeredAt < endAt) tally.latenciesMs.push(answeredAt - now);
      sendNext(answeredAt);
    });
  }
  sendNext(performance.now());
}

function toTally(group: RequestGroup): Tally {
  const requests = group.bodies.map((body) => toHttpRequest(body, group.authorization));
  return { group, requests, latenciesMs: [], unexpectedCount: 0, unexpected: null };
}

function toGroupLoad(tally: Tally, measuredMs: number): GroupLoad {
  const { latenciesMs, unexpectedCount, unexpected } = tally;
  if (latenciesMs.length === 0)
    throw new Error(`no answer was as expected; the first was ${unexpected}`);
  return {
    perSecond: (latenciesMs.length / measuredMs) * 1000,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    unexpectedCount,
    unexpected,
  };
}
