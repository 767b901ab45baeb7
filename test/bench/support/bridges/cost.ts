import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../../../support/until.ts';
import { repeat } from '../bench.ts';
import { createClient } from '../client.ts';
import { type Comparison, toRate } from '../comparison.ts';
import {
  depositExpected,
  openingExpected,
  sequenceOf,
  toDepositBody,
  toOpeningBody,
} from '../contract.ts';
import { startDaybookServer } from '../daybook-server.ts';
import type { Stage } from '../stage.ts';
import type { Bus } from './bus.ts';

const accounts = 1_000;
const connections = 32;
const deliverMs = 60_000;

/** What a running bridge costs commands: a server with a bridge compared with one without. */
export async function costOfBridge(stage: Stage, bus: Bus): Promise<readonly Comparison[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-bench-bridge-'));
  const file = path.join(directory, 'bridges.json');
  await writeFile(file, JSON.stringify({ bridges: [bus.bridge('cost')] }));
  const bridgedUrl = await stage.database('daybook_bridged');
  const plainUrl = await stage.database('daybook_plain');
  const removeFile = { stop: () => rm(directory, { recursive: true, force: true }) };
  return stage.withWorkers([removeFile], async () => {
    const bridged = await startDaybookServer(bridgedUrl, { DAYBOOK_BRIDGES: file });
    return stage.withWorkers([bridged], async () => {
      const plain = await startDaybookServer(plainUrl);
      return stage.withWorkers([plain], () => compare(stage, bus, { bridged, plain }));
    });
  });
}

interface Servers {
  readonly bridged: { readonly port: number };
  readonly plain: { readonly port: number };
}

async function compare(stage: Stage, bus: Bus, servers: Servers): Promise<readonly Comparison[]> {
  const ids = Array.from({ length: accounts }, () => randomUUID());
  const bodies = ids.map(toDepositBody);
  for (const { port } of [servers.bridged, servers.plain]) {
    await createClient(port).postAll(ids.map(toOpeningBody), openingExpected);
  }
  const load = async (port: number) => {
    const group = { bodies, expected: depositExpected };
    const [result] = await stage.load({ port, connections, groups: [group] });
    if (result === undefined) throw new Error('the load generator returned no figures');
    const answer = await createClient(port).post(bodies[0] ?? '', depositExpected);
    const sequence = sequenceOf(answer);
    await createClient(port).waitForViews(sequence);
    return { perSecond: result.perSecond, sequence };
  };
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const plain = await load(servers.plain.port);
    const bridged = await load(servers.bridged.port);
    const startedAt = performance.now();
    await until(async () => (await bus.position('cost')) >= bridged.sequence, deliverMs);
    const waitedMs = performance.now() - startedAt;
    const texts = [bridged, plain].map(({ perSecond }) => `${Math.round(perSecond)}/s`);
    stage.progress(
      `bridges: deposits with a bridge to ${bus.name}, round ${round}: ` +
        `${texts.join(', without ')}; delivered ${waitedMs.toFixed(0)} ms later`,
    );
    return { bridged: bridged.perSecond, plain: plain.perSecond };
  });
  return [
    {
      what: `deposits with a bridge to ${bus.name}`,
      ours: toRate(rounds.map(({ bridged }) => bridged)),
      peer: 'a server without bridges',
      theirs: toRate(rounds.map(({ plain }) => plain)),
      target: { atLeast: 0.9 },
    },
  ];
}
