import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import { answerJobs } from './answer-jobs.mjs';
import { toHttpRequest } from './connection.ts';
import { depositExpected, toDepositBody } from './contract.ts';
import { type Frame, type SentCommand, toDelays } from './live-job.ts';
import { percentile } from './statistics.ts';
import { createSender } from './steady-sender.ts';
import type { CrowdJob, CrowdResult, DeliveryJob } from './watch-job.ts';

/** Subscribers over few WebSockets, in one process. */
answerJobs({ watchInCrowd, startDeliveries, deliveries, stopDeliveries });

const perSocket = 90;
const liveAccount = `subscription L($id: ID!) { live { sequence account(id: $id) { balance } } }`;
const accountEvents = `subscription E($streamId: ID!) {
  events(filter: { streamId: $streamId }) { sequence event { id type } } }`;

interface Watchers {
  stop(): Promise<void>;
}

/** Subscribes once for each of the variables; resolves when each has received a frame. */
async function watchAll(
  port: number,
  query: string,
  variables: readonly Readonly<Record<string, string>>[],
  onFrame: (index: number, sequence: number) => void,
): Promise<Watchers> {
  const clients: Client[] = [];
  // Socket by socket: a server that is busy with all at once would take some for silent.
  for (let first = 0; first < variables.length; first += perSocket) {
    const url = `ws://127.0.0.1:${port}/graphql`;
    const client = createClient({ url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
    clients.push(client);
    const own = variables.slice(first, first + perSocket);
    await Promise.all(
      own.map((each, index) =>
        watchOne(client, { query, variables: each }, (sequence) => {
          onFrame(first + index, sequence);
        }),
      ),
    );
  }
  return {
    async stop() {
      await Promise.all(clients.map((client) => client.dispose()));
    },
  };
}

interface SentFrame {
  readonly sequence: string;
  readonly event?: object | null;
}

/** Subscribes; resolves with the first frame. */
function watchOne(
  client: Client,
  payload: SubscribePayload,
  onFrame: (sequence: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    client.subscribe<Record<string, SentFrame>>(payload, {
      next({ data, errors }) {
        if (errors !== undefined) return reject(new Error(JSON.stringify(errors)));
        const [frame] = Object.values(data ?? {});
        // A frame of events without one only reports progress.
        if (frame?.event !== null) onFrame(Number(frame?.sequence));
        resolve();
      },
      error: (error) => reject(new Error(JSON.stringify(error))),
      complete: () => {},
    });
  });
}

/** Watches one account, and others that do not change; deposits to the one, and waits. */
async function watchInCrowd(job: CrowdJob): Promise<CrowdResult> {
  const frames: Frame[] = [];
  let others = 0;
  const ids = [job.accountId, ...job.otherIds];
  const watchers = await watchAll(
    job.port,
    liveAccount,
    ids.map((id) => ({ id })),
    (index, sequence) => {
      if (index === 0) frames.push({ sequence, at: performance.now() });
      else others += 1;
    },
  );
  others = 0;
  const sender = createSender(job.port, depositExpected);
  const request = toHttpRequest(toDepositBody(job.accountId));
  const commands = await sender.sendSteadily(() => request, job);
  const last = Math.max(...commands.map(({ sequence }) => sequence));
  while ((frames.at(-1)?.sequence ?? 0) < last) await new Promise((go) => setTimeout(go, 10));
  sender.stop();
  await watchers.stop();
  const measured = commands.filter(({ isWarmUp }) => !isWarmUp);
  const answers = measured.map(({ sentAt, answeredAt }: SentCommand) => answeredAt - sentAt);
  return {
    answerP50Ms: percentile(answers, 0.5),
    frameP50Ms: percentile(toDelays(measured, frames), 0.5),
    otherFrames: others,
  };
}

let running: Watchers | null = null;
let received = 0;

async function startDeliveries({ port, ids, kind }: DeliveryJob): Promise<void> {
  const isLive = kind === 'live';
  const variables = ids.map((id) => (isLive ? { id } : { streamId: `account-${id}` }));
  running = await watchAll(port, isLive ? liveAccount : accountEvents, variables, () => {
    received += 1;
  });
  received = 0;
}

/** How many frames have arrived since the last call. */
async function deliveries(): Promise<number> {
  const count = received;
  received = 0;
  return count;
}

async function stopDeliveries(): Promise<void> {
  await running?.stop();
  running = null;
}
