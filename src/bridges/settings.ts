import { z } from 'zod';

/** Settings of bridges are not valid: each fault in one line, with its path. */
export class BridgeSettingsError extends Error {
  readonly code = 'BAD_SETTING';
  constructor(readonly faults: readonly string[]) {
    super(faults.join('; '));
  }
}

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
  error: 'must be 1 to 63 letters, digits, ".", "_" or "-"',
});
const text = z.string().min(1).max(255);
const environmentName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, { error: 'must be the name of an environment variable' });
const from = z
  .union([z.literal('beginning'), z.literal('now'), z.int().nonnegative()], {
    error: 'must be "beginning", "now" or a sequence number',
  })
  .default('beginning');
const filter = z.strictObject({
  types: z.array(text).default([]),
  contexts: z.array(text).default([]),
});
const addresses = z.array(text).min(1);
const tls = z
  .union([
    z.boolean(),
    z.strictObject({
      caFile: text.optional(),
      certFile: text.optional(),
      keyFile: text.optional(),
    }),
  ])
  .default(false);

const natsConnection = {
  servers: addresses,
  tls,
  userEnv: environmentName.optional(),
  passwordEnv: environmentName.optional(),
  tokenEnv: environmentName.optional(),
  credentialsEnv: environmentName.optional(),
};
const sasl = z.discriminatedUnion('mechanism', [
  z.strictObject({
    mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
    usernameEnv: environmentName,
    passwordEnv: environmentName,
  }),
  z.strictObject({ mechanism: z.literal('OAUTHBEARER'), tokenEnv: environmentName }),
]);
const kafkaConnection = { brokers: addresses, tls, sasl: sasl.optional() };

const outbound = { name, from, filter: filter.default({ types: [], contexts: [] }) };

const nats = z.strictObject({
  kind: z.literal('nats'),
  ...outbound,
  ...natsConnection,
  stream: text.regex(/^[^\s.*>]+$/, { error: 'must not have ".", "*", ">" or spaces' }),
  replicas: z.int().min(1).max(5).default(1),
  maxAgeDays: z.number().positive().optional(),
  maxBytes: z.int().positive().optional(),
});
const kafka = z.strictObject({
  kind: z.literal('kafka'),
  ...outbound,
  ...kafkaConnection,
  topic: text,
  perContext: z.boolean().default(false),
  partitions: z.int().min(1).max(1_000).default(6),
  replicas: z.int().min(1).max(9).optional(),
  state: z.array(z.strictObject({ view: text, topic: text })).default([]),
});
const kinesis = z.strictObject({
  kind: z.literal('kinesis'),
  ...outbound,
  stream: text,
  region: text,
  endpoint: z.url().optional(),
});
const webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...outbound,
  url: z.url({ protocol: /^https?$/ }),
  secretEnv: environmentName,
  allowPrivate: z.boolean().default(false),
  timeoutMs: z.int().min(100).max(60_000).default(15_000),
});

const pointer = z.string().regex(/^(?:\/(?:[^~]|~[01])*)+$/, {
  error: 'must be a JSON pointer such as "/price"',
});
const map = z.strictObject({ mutation: text, input: z.record(text, pointer) });
const inbound = {
  name,
  actor: text,
  deadLetter: text,
  map: map.optional(),
};
const natsInbound = z.strictObject({
  kind: z.literal('nats'),
  ...inbound,
  ...natsConnection,
  stream: text,
  subject: text.optional(),
});
const kafkaInbound = z.strictObject({
  kind: z.literal('kafka'),
  ...inbound,
  ...kafkaConnection,
  topic: text,
  group: text,
});

const file = z.strictObject({
  bridges: z.array(z.discriminatedUnion('kind', [nats, kafka, kinesis, webhook])).default([]),
  inbound: z.array(z.discriminatedUnion('kind', [natsInbound, kafkaInbound])).default([]),
});

export type NatsSettings = z.infer<typeof nats>;
export type KafkaSettings = z.infer<typeof kafka>;
export type KinesisSettings = z.infer<typeof kinesis>;
export type WebhookSettings = z.infer<typeof webhook>;
export type NatsInboundSettings = z.infer<typeof natsInbound>;
export type KafkaInboundSettings = z.infer<typeof kafkaInbound>;
export type BridgeSettings = NatsSettings | KafkaSettings | KinesisSettings | WebhookSettings;
export type InboundSettings = NatsInboundSettings | KafkaInboundSettings;

/** The bridges of a configuration file. */
export interface BridgesSettings {
  readonly bridges: readonly BridgeSettings[];
  readonly inbound: readonly InboundSettings[];
}

/** What a configuration file may refer to. */
export interface KnownNames {
  readonly types: ReadonlySet<string>;
  readonly contexts: ReadonlySet<string>;
  readonly views: ReadonlySet<string>;
  /** Whether a secret is set in the environment. */
  readonly hasSecret: (name: string) => boolean;
}

/** Parses the text of a configuration file. Throws `BridgeSettingsError` with every fault. */
export function parseBridgeSettings(json: string, known: KnownNames): BridgesSettings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new BridgeSettingsError([`not JSON: ${error instanceof Error ? error.message : error}`]);
  }
  const parsed = file.safeParse(value);
  if (!parsed.success) throw new BridgeSettingsError(parsed.error.issues.map(toLine));
  const faults = [...nameFaults(parsed.data), ...referenceFaults(parsed.data, known)];
  if (faults.length > 0) throw new BridgeSettingsError(faults);
  return parsed.data;
}

function toLine({ path, message }: z.core.$ZodIssue): string {
  return `${toPath(path)}: ${message.replaceAll(/\s+/g, ' ')}`;
}

function toPath(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return steps.join('').replace(/^\./, '') || 'the file';
}

function nameFaults({ bridges, inbound }: BridgesSettings): string[] {
  const names = [
    ...bridges.flatMap((bridge, index) => [
      [bridge.name, `bridges[${index}].name`] as const,
      ...stateNames(bridge, index),
    ]),
    ...inbound.map((bridge, index) => [bridge.name, `inbound[${index}].name`] as const),
  ];
  return names.flatMap(([own, path], index) =>
    names.findIndex(([other]) => other === own) < index
      ? [`${path}: another bridge is named ${own}`]
      : [],
  );
}

/** The names of the bridges that keep the documents of views. */
function stateNames(bridge: BridgeSettings, index: number) {
  if (bridge.kind !== 'kafka') return [];
  return bridge.state.map(({ view }, at) => {
    return [stateBridgeName(bridge.name, view), `bridges[${index}].state[${at}].view`] as const;
  });
}

/** The name of the bridge that keeps the documents of a view, from that of its entry. */
export function stateBridgeName(bridge: string, view: string): string {
  return `${bridge}.${view}`;
}

function referenceFaults(
  { bridges, inbound }: BridgesSettings,
  { types, contexts, views, hasSecret }: KnownNames,
): string[] {
  const faults: string[] = [];
  bridges.forEach((bridge, index) => {
    const path = `bridges[${index}]`;
    bridge.filter.types.forEach((type, at) => {
      if (!types.has(type)) faults.push(`${path}.filter.types[${at}]: no event type ${type}`);
    });
    bridge.filter.contexts.forEach((context, at) => {
      if (contexts.has(context)) return;
      faults.push(`${path}.filter.contexts[${at}]: no context ${context}`);
    });
    if (bridge.kind === 'kafka') {
      bridge.state.forEach(({ view }, at) => {
        if (!views.has(view)) faults.push(`${path}.state[${at}].view: no view ${view}`);
      });
    }
    faults.push(...secretFaults(path, bridge, hasSecret));
  });
  inbound.forEach((bridge, index) => {
    faults.push(...secretFaults(`inbound[${index}]`, bridge, hasSecret));
  });
  return faults;
}

/** The members whose names end in `Env` name environment variables with secrets. */
function secretFaults(
  path: string,
  settings: object,
  hasSecret: (name: string) => boolean,
): string[] {
  return Object.entries(settings).flatMap(([member, value]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return secretFaults(`${path}.${member}`, value, hasSecret);
    }
    if (!member.endsWith('Env') || typeof value !== 'string' || hasSecret(value)) return [];
    return [`${path}.${member}: the environment variable ${value} is not set`];
  });
}
