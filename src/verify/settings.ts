import { parseArgs } from 'node:util';
import type { KafkaConnectionFields } from '../bridges/targets/kafka-cluster.ts';
import type { NatsConnectionFields } from '../bridges/targets/nats-connection.ts';
import { UsageError } from '../import/errors.ts';
import { parsePublicKey } from '../proof/signed-head.ts';

type NatsSource = NatsConnectionFields & { readonly kind: 'nats'; readonly stream: string };

type KafkaSource = KafkaConnectionFields & { readonly kind: 'kafka'; readonly topic: string };

interface FileSource {
  readonly kind: 'file';
  readonly files: readonly string[];
}

/** What `verify-stream` reads, and how. */
export interface VerifySettings {
  readonly source: NatsSource | KafkaSource | FileSource;
  /** Messages of events up to this sequence number are left out. */
  readonly after: number;
  /** The UUID of the log that all messages must be of; null: of the log of the first one. */
  readonly ledger: string | null;
  /** Whether repeated messages are a failure too. */
  readonly isStrict: boolean;
  /** The public key that must have signed the heads in the messages; null: they are not checked. */
  readonly publicKey: string | null;
}

/** The options and their descriptions, for the help text. */
export const verifyOptions: readonly (readonly [string, string])[] = [
  ['--kind <kind>', 'What to read: nats, kafka or file'],
  ['--servers <addresses>', 'NATS: addresses of servers, separated by commas'],
  ['--stream <name>', 'NATS: the JetStream stream'],
  ['--brokers <addresses>', 'Kafka: addresses of brokers, separated by commas'],
  ['--topic <name>', 'Kafka: the topic; all its partitions are read'],
  ['--file <path>', 'A file with a JSON object on each line; may be repeated; - is standard input'],
  ['--tls', 'Connect with TLS (also: --ca-file, --cert-file, --key-file)'],
  ['--ca-file <path>', 'A PEM file with the certificate authority of the server'],
  ['--cert-file <path>', 'A PEM file with the certificate of this client'],
  ['--key-file <path>', 'A PEM file with the key of this client'],
  ['--sasl <mechanism>', 'Kafka: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER'],
  ['--user-env <name>', 'The environment variable with the user name'],
  ['--password-env <name>', 'The environment variable with the password'],
  ['--token-env <name>', 'The environment variable with the token'],
  ['--credentials-env <name>', 'NATS: the environment variable with the credentials'],
  ['--from <sequence>', 'Check only messages after this sequence number (default: all)'],
  ['--ledger <uuid>', 'The log of which the messages must be (default: that of the first)'],
  ['--public-key <key>', 'Check that the signed heads in the messages are signed by this key'],
  ['--strict', 'Count repeated messages as failures'],
];

const texts = [
  ...(['kind', 'servers', 'stream', 'brokers', 'topic', 'ca-file', 'cert-file'] as const),
  ...(['key-file', 'sasl', 'user-env', 'password-env', 'token-env'] as const),
  ...(['credentials-env', 'from', 'ledger', 'public-key'] as const),
];
type TextOption = (typeof texts)[number];
type Get = (name: TextOption) => string | undefined;

/** Reads the settings from the arguments, which include the command's name; throws `UsageError`. */
export function readVerifySettings(args: readonly string[]): VerifySettings {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new UsageError(`unexpected argument ${positionals[1]}`);
  const { tls: isTls = false, strict: isStrict = false, file: files = [], ...given } = values;
  const named: Readonly<Record<string, unknown>> = given;
  const get: Get = (name) => {
    const value = named[name];
    return typeof value === 'string' ? value.trim() || undefined : undefined;
  };
  return {
    source: readSource(get, { isTls, files }),
    after: readSequence(get('from') ?? 'beginning'),
    ledger: get('ledger') ?? null,
    isStrict,
    publicKey: readKey(get('public-key')),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    ...Object.fromEntries(texts.map((name) => [name, text])),
    file: { type: 'string', multiple: true },
    tls: flag,
    strict: flag,
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readSource(
  get: Get,
  { isTls, files }: { readonly isTls: boolean; readonly files: readonly string[] },
): VerifySettings['source'] {
  switch (get('kind')) {
    case 'nats':
      return {
        kind: 'nats',
        name: 'verify-stream',
        servers: readAddresses('--servers', get('servers'), '127.0.0.1:4222'),
        stream: get('stream') ?? missing('--stream', 'the name of a stream'),
        tls: readTls(get, isTls),
        userEnv: get('user-env'),
        passwordEnv: get('password-env'),
        tokenEnv: get('token-env'),
        credentialsEnv: get('credentials-env'),
      };
    case 'kafka':
      return {
        kind: 'kafka',
        name: 'verify-stream',
        brokers: readAddresses('--brokers', get('brokers'), '127.0.0.1:9092'),
        topic: get('topic') ?? missing('--topic', 'a topic'),
        tls: readTls(get, isTls),
        sasl: readSasl(get),
      };
    case 'file':
      if (files.length === 0) missing('--file', 'the path of a file');
      return { kind: 'file', files };
    default:
      throw new UsageError(`--kind must be nats, kafka or file, not ${get('kind') ?? 'absent'}`);
  }
}

function readTls(get: Get, isTls: boolean): NatsConnectionFields['tls'] {
  const caFile = get('ca-file');
  const certFile = get('cert-file');
  const keyFile = get('key-file');
  const hasFiles = caFile !== undefined || certFile !== undefined || keyFile !== undefined;
  return hasFiles ? { caFile, certFile, keyFile } : isTls;
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

function readSasl(get: Get): KafkaConnectionFields['sasl'] {
  const given = get('sasl');
  if (given === undefined) return undefined;
  if (given === 'OAUTHBEARER') {
    return { mechanism: given, tokenEnv: get('token-env') ?? missing('--token-env', variable) };
  }
  const mechanism = mechanisms.find((name) => name === given);
  if (mechanism === undefined) {
    const names = mechanisms.join(', ');
    throw new UsageError(`--sasl must be ${names} or OAUTHBEARER, not ${given}`);
  }
  return {
    mechanism,
    usernameEnv: get('user-env') ?? missing('--user-env', variable),
    passwordEnv: get('password-env') ?? missing('--password-env', variable),
  };
}

const variable = 'an environment variable';

function readAddresses(option: string, text: string | undefined, example: string): string[] {
  const addresses = (text ?? '').split(/[\s,]+/).filter((address) => address !== '');
  return addresses.length > 0 ? addresses : missing(option, `an address such as ${example}`);
}

function readKey(text: string | undefined): string | null {
  try {
    return text === undefined ? null : parsePublicKey(text);
  } catch {
    throw new UsageError('--public-key must be what daybook public-key prints');
  }
}

function readSequence(text: string): number {
  if (text === 'beginning') return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--from must be "beginning" or a sequence number, not ${text}`);
}

function missing(option: string, what: string): never {
  throw new UsageError(`${option} is missing: name ${what}`);
}
