import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Admin } from '@platformatic/kafka';
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
  const { listeners = {} } = options;
  const { directory, ports, java } = await prepare(options);
  const portOf = (name: string): number => ports.get(name) ?? 0;
  const advertisedPortOf = (name: string) => listeners[name]?.advertisedPort ?? portOf(name);
  /** The listeners that answer without a password. */
  const plain = [...ports.keys()].filter(
    (name) => name !== 'CONTROLLER' && (listeners[name]?.protocol ?? 'PLAINTEXT') === 'PLAINTEXT',
  );
  let child: ChildProcess | null = null;

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const ending = child;
    child = null;
    if (ending === null || hasEnded(ending)) return;
    const ended = once(ending, 'close');
    ending.kill(signal);
    await ended;
  }
  async function start(): Promise<void> {
    const starting = spawn('java', java, { stdio: 'ignore' });
    child = starting;
    await until(async () => {
      if (hasEnded(starting)) {
        const taken = [...ports].map(([name, port]) => `${name} ${port}`).join(', ');
        throw new Error(`the Kafka broker has ended; is one of its ports taken? ${taken}`);
      }
      const answers = plain.map((name) => isReady(portOf(name), advertisedPortOf(name)));
      return (await Promise.all(answers)).every(Boolean);
    }, startMs);
  }
  async function dispose(): Promise<void> {
    await stop('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
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
    dispose,
  };
}

/** Chooses the ports of a broker and formats its storage. `java` are the arguments to start it. */
async function prepare({
  version = usualVersion,
  properties = {},
  listeners = {},
  format = [],
}: KafkaBrokerOptions) {
  const jars = await resolveKafka(version);
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-kafka-'));
  const names = ['PLAINTEXT', 'CONTROLLER', ...Object.keys(listeners)];
  const ports = new Map<string, number>();
  for (const name of names) ports.set(name, listeners[name]?.port ?? (await freePort()));
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
  return { directory, ports, java: [...java, 'kafka.Kafka', file] };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Whether a broker answers on a listener, and is part of its cluster. An open port does not say so:
 * a broker that cannot open one of its ports opens the others, and then ends.
 */
async function isReady(port: number, advertisedPort: number): Promise<boolean> {
  if (!(await isListening(port))) return false;
  const admin = new Admin({
    clientId: 'test',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    requestTimeout: 5_000,
    retries: 0,
  });
  try {
    const { brokers } = await admin.metadata({ topics: [] });
    return [...brokers.values()].some((broker) => broker.port === advertisedPort);
  } catch {
    return false;
  } finally {
    await admin.close();
  }
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
