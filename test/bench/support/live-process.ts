import { answerJobs } from './answer-jobs.mjs';
import { toHttpRequest } from './connection.ts';
import { depositExpected, toDepositBody } from './contract.ts';
import { type LiveJob, type LiveResult, type SentCommand, toDelays } from './live-job.ts';
import { percentile, pick } from './statistics.ts';
import { createSender } from './steady-sender.ts';
import { subscribe } from './subscriber.ts';

/** The sender and the subscribers share one process, and so one clock. */
answerJobs({ watch });

const accountFrames =
  'subscription A($id: ID!) { account(id: $id) { sequence account { balance } } }';
const eventFrames = 'subscription { events { sequence event { id type } } }';

async function watch(job: LiveJob): Promise<LiveResult> {
  const url = `ws://127.0.0.1:${job.port}/graphql`;
  const account = await subscribe(url, accountFrames, { id: job.accountId });
  const events = await subscribe(url, eventFrames);
  const others = job.otherIds.map((id) => toHttpRequest(toDepositBody(id)));
  const watched = toHttpRequest(toDepositBody(job.accountId));
  const sender = createSender(job.port, depositExpected);
  const commands = await sender.sendSteadily(
    (index) => (concernsWatched({ index }) ? watched : pick(others)),
    job,
  );
  await Promise.all([
    account.reach(lastOf(commands.filter(concernsWatched))),
    events.reach(lastOf(commands)),
  ]);
  await Promise.all([account.stop(), events.stop()]);
  sender.stop();

  const measured = commands.filter(({ isWarmUp }) => !isWarmUp);
  const ofAccount = measured.filter(concernsWatched);
  const responses = measured.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  return {
    commands: measured.length,
    response: summarize(responses),
    account: summarize(toDelays(ofAccount, account.frames)),
    events: summarize(toDelays(measured, events.frames)),
  };
}

/** Every second command, so that the subscription must filter. */
function concernsWatched({ index }: { readonly index: number }): boolean {
  return index % 2 === 0;
}

function lastOf(commands: readonly SentCommand[]): number {
  return Math.max(...commands.map(({ sequence }) => sequence));
}

function summarize(valuesMs: readonly number[]) {
  return { p50Ms: percentile(valuesMs, 0.5), p99Ms: percentile(valuesMs, 0.99) };
}
