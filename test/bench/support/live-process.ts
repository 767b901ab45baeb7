import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { answerJobs } from './answer-jobs.mjs';
import { depositExpected, toDepositBody } from './contract.ts';
import { createSender } from './steady-sender.ts';
import { toHttpRequest } from './connection.ts';
import { type Frame, type LiveJob, toDelays } from './live-job.ts';
import { percentile, pick } from './statistics.ts';

/** Sender and subscribers in one process, so that one clock tells all times. */
answerJobs({ watch });

const framesTimeoutMs = 10_000;
const accountFrames =
  'subscription A($id: ID!) { account(id: $id) { sequence account { balance } } }';
const eventFrames = 'subscription { events { sequence event { id type } } }';

async function watch(job: LiveJob) {
  const url = `ws://127.0.0.1:${job.port}/graphql`;
  const account = await subscribe(url, accountFrames, { id: job.accountId });
  const events = await subscribe(url, eventFrames);
  const others = job.otherIds.map((id) => toHttpRequest(toDepositBody(id)));
  const watched = toHttpRequest(toDepositBody(job.accountId));
  const sender = createSender(job.port, depositExpected);
  // Every other command concerns the watched account, so that the subscriber must tell them apart.
  const commands = await sender.sendSteadily(
    (index) => (index % 2 === 0 ? watched : pick(others)),
    job,
  );
  const last = Math.max(...commands.map(({ sequence }) => sequence));
  const lastWatched = Math.max(
    ...commands.filter(({ index }) => index % 2 === 0).map(({ sequence }) => sequence),
  );
  await Promise.all([account.reach(lastWatched), events.reach(last)]);
  await Promise.all([account.stop(), events.stop()]);
  sender.stop();

  const measured = commands.filter(({ isWarmUp }) => !isWarmUp);
  const ofAccount = measured.filter(({ index }) => index % 2 === 0);
  const responses = measured.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  return {
    commands: measured.length,
    response: summarize(responses),
    account: summarize(toDelays(ofAccount, account.frames)),
    events: summarize(toDelays(measured, events.frames)),
  };
}

function summarize(valuesMs: readonly number[]) {
  return { p50Ms: percentile(valuesMs, 0.5), p99Ms: percentile(valuesMs, 0.99) };
}

/** Subscribes on a socket of its own and notes when each frame came. */
async function subscribe(url: string, query: string, variables: Record<string, unknown> = {}) {
  const frames: Frame[] = [];
  let failure: unknown = null;
  const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
  await new Promise<void>((resolve) => client.on('connected', () => resolve()));
  client.subscribe(
    { query, variables },
    {
      next({ data, errors }) {
        if (errors !== undefined) failure = errors;
        const [frame] = Object.values(data ?? {}) as { readonly sequence: string }[];
        if (frame !== undefined) {
          frames.push({ sequence: Number(frame.sequence), at: performance.now() });
        }
      },
      error: (error) => {
        failure = error;
      },
      complete: () => {},
    },
  );
  return {
    frames: frames as readonly Frame[],
    async reach(sequence: number): Promise<void> {
      const deadline = performance.now() + framesTimeoutMs;
      while ((frames.at(-1)?.sequence ?? 0) < sequence) {
        if (failure !== null) throw new Error(`${query}: ${JSON.stringify(failure)}`);
        if (performance.now() > deadline) throw new Error(`${query}: no frame of ${sequence}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    stop: () => client.dispose(),
  };
}
