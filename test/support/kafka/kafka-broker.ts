import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isListening } from '../nats-server.ts';
import { freePort } from '../ports.ts';
import { until } from '../until.ts';
import { kafkaVersions, resolveKafka } from './resolve-kafka.ts';

/** A real Apache Kafka broker in KRaft mode, on free ports of the loopback interface. */
export interface KafkaBroker {
  readonly port: number;
  readonly address: string;
  /** The address of another listener. */
  addressOf(listener: string): string;
  readonly process: ChildProcess;
  /** Ends the broker as a crash does, or as an operator does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  dispose(): Promise<void>;
}

interface KafkaBrokerOptions {
  readonly version?: string;
  /** Properties of the broker, in addition to the usual ones. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Listeners in addition to PLAINTEXT, by name. */
  readonly listeners?: Readonly<Record<string, KafkaListener>>;
  /** Arguments of the formatting of the storage, such as `--add-scram`. */
  readonly format?: readonly string[];
}

interface KafkaListener {
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** A free port if absent. */
  readonly port?: number;
  /** The port of a proxy to which clients are sent; that of the listener if absent. */
  readonly advertisedPort?: number;
}

const startMs = 60_000;
const usualVersion = process.env['DAYBOOK_TEST_KAFKA'] ?? kafkaVersions.current;

export async function startKafkaBroker(options: KafkaBrokerOptions = {}): Promise<KafkaBroker> {
  const { version = usualVersion, properties = {}, listeners = {}, format = [] } = options;
  const jars = await resolveKafka(version);
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-kafka-'));
  const names = ['PLAINTEXT', 'CONTROLLER', ...Object.keys(listeners)];
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, listeners[name]?.port ?? (await freePort()));
  const portOf = (name: string): number => ports.get(name) ?? 0;
  const file = path.join(directory, 'server.properties');
  const all = { ...usual(directory, ports, listeners), ...properties };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  await writeFile(file, `${lines.join('\n')}\n`);
  const java = [
    ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
    ...['-cp', path.join(jars, '*')],
  ];
  const formatting = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...format];
  const [code] = await once(spawn('java', [...java, ...formatting], { stdio: 'ignore' }), 'close');
  if (code !== 0) throw new Error(`the storage of Kafka cannot be formatted: exit code ${code}`);
  let child: ChildProcess | null = null;

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (child === null) return;
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
    child = null;
  }
  async function start(): Promise<void> {
    child = spawn('java', [...java, 'kafka.Kafka', file], { stdio: 'ignore' });
    await until(() => isListening(portOf('PLAINTEXT')), startMs);
  }
  await start();
  return {
    port: portOf('PLAINTEXT'),
    address: `127.0.0.1:${portOf('PLAINTEXT')}`,
    addressOf: (name: string) => `127.0.0.1:${portOf(name)}`,
    get process() {
      if (child === null) throw new Error('the Kafka broker is stopped');
      return child;
    },
    stop,
    start,
    async dispose() {
      await stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const clusterId = 'MkU3OEVBNTcwNTJENDM2Qk';

function usual(
  directory: string,
  ports: ReadonlyMap<string, number>,
  listeners: NonNullable<KafkaBrokerOptions['listeners']>,
): Record<string, string> {
  const addresses = [...ports].map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const advertised = [...ports]
    .filter(([name]) => name !== 'CONTROLLER')
    .map(([name, port]) => `${name}://127.0.0.1:${listeners[name]?.advertisedPort ?? port}`);
  const protocols = [...ports.keys()].map(
    (name) => `${name}:${listeners[name]?.protocol ?? 'PLAINTEXT'}`,
  );
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.get('CONTROLLER')}`,
    listeners: addresses.join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': protocols.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': path.join(directory, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '5',
    'group.initial.rebalance.delay.ms': '0',
  };
}
