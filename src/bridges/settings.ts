import { z } from 'zod';
import { actorName, actorNameRule } from '../lib/actor-name.ts';
import { toFaults, toPlainText } from './setting-faults.ts';
import { inboundFaults } from './setting-inbound.ts';
import { type KnownNames, nameFaults, referenceFaults } from './setting-names.ts';
import { targetFaults } from './setting-targets.ts';

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
const userInfoFault = { error: 'must not contain a user name or password' };
const servers = z.array(text.refine((server) => !server.includes('@'), userInfoFault)).min(1);
const brokers = z
  .array(text.regex(/^[^\s:@/]+:\d{1,5}$/, { error: 'must be of the form host:port' }))
  .min(1);
const kafkaTopic = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, {
  error: 'must be 1 to 249 letters, digits, ".", "_" or "-"',
});
const streamName = /^[^\s.*>]+$/;
const streamNameFault = { error: 'must not contain ".", "*", ">" or spaces' };
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
  servers,
  tls,
  userEnv: environmentName.optional(),
  passwordEnv: environmentName.optional(),
  tokenEnv: environmentName.optional(),
  credentialsEnv: environmentName.optional(),
};
function hasWholeLogin(fields: { userEnv?: string | undefined; passwordEnv?: string | undefined }) {
  return (fields.userEnv === undefined) === (fields.passwordEnv === undefined);
}
const loginFault = { path: ['userEnv'], error: 'must be set together with passwordEnv' };
const sasl = z.discriminatedUnion('mechanism', [
  z.strictObject({
    mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
    usernameEnv: environmentName,
    passwordEnv: environmentName,
  }),
  z.strictObject({ mechanism: z.literal('OAUTHBEARER'), tokenEnv: environmentName }),
]);
const kafkaConnection = { brokers, tls, sasl: sasl.optional() };

const outbound = { name, from, filter: filter.default({ types: [], contexts: [] }) };

const nats = z
  .strictObject({
    kind: z.literal('nats'),
    ...outbound,
    ...natsConnection,
    stream: text.regex(streamName, streamNameFault),
    subject: text
      .regex(/^[^\s*>.]+(?:\.[^\s*>.]+)*$/, { error: 'must be a subject without wildcards' })
      .default('daybook'),
    replicas: z.int().min(1).max(5).default(1),
    maxAgeDays: z.number().positive().optional(),
    maxBytes: z.int().positive().optional(),
  })
  .refine(hasWholeLogin, loginFault);
const kafka = z.strictObject({
  kind: z.literal('kafka'),
  ...outbound,
  ...kafkaConnection,
  topic: kafkaTopic,
  perContext: z.boolean().default(false),
  partitions: z.int().min(1).max(1_000).default(6),
  replicas: z.int().min(1).max(9).optional(),
  state: z.array(z.strictObject({ view: text, topic: kafkaTopic })).default([]),
});
const kinesis = z.strictObject({
  kind: z.literal('kinesis'),
  ...outbound,
  stream: text,
  region: text,
  endpoint: z.url().refine(hasNoUserInfo, userInfoFault).optional(),
});
const webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...outbound,
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine(hasNoUserInfo, userInfoFault),
  secretEnv: environmentName,
  allowPrivate: z.boolean().default(false),
  timeoutMs: z.int().min(100).max(60_000).default(15_000),
});

function hasNoUserInfo(url: string): boolean {
  // A value that is not a URL has already been reported.
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}

const pointer = z.string().regex(/^(?:\/(?:[^~/]|~[01])*)+$/, {
  error: 'must be a JSON pointer such as "/price"',
});
const map = z.strictObject({ mutation: text, input: z.record(text, pointer) });
const inbound = {
  name,
  actor: z.string().regex(actorName, { error: `must be ${actorNameRule}` }),
  deadLetter: text,
  map: map.optional(),
};
/** The name becomes a part of the idempotency key, which has at most 200 characters. */
const keyedName = z.string().min(1).max(150);
const natsInbound = z
  .strictObject({
    kind: z.literal('nats'),
    ...inbound,
    deadLetter: text.regex(/^[^\s.*>]+(?:\.[^\s.*>]+)*$/, {
      error: 'must be a subject without "*", ">" or spaces',
    }),
    ...natsConnection,
    stream: keyedName.regex(streamName, streamNameFault),
    subject: text
      .regex(/^[^\s.]+(?:\.[^\s.]+)*$/, { error: 'must be a subject without spaces' })
      .optional(),
  })
  .refine(hasWholeLogin, loginFault);
const kafkaInbound = z.strictObject({
  kind: z.literal('kafka'),
  ...inbound,
  ...kafkaConnection,
  topic: kafkaTopic.max(150),
  deadLetter: kafkaTopic,
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

/** Parses the text of a configuration file. Throws `BridgeSettingsError` with every fault. */
export function parseBridgeSettings(json: string, known: KnownNames): BridgesSettings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new BridgeSettingsError([`not JSON: ${error instanceof Error ? error.message : error}`]);
  }
  const parsed = file.safeParse(value, { error: toPlainText });
  if (!parsed.success) throw new BridgeSettingsError(parsed.error.issues.flatMap(toFaults));
  const faults = [
    ...nameFaults(parsed.data),
    ...targetFaults(parsed.data, known.contexts),
    ...inboundFaults(parsed.data, known.contexts),
    ...referenceFaults(parsed.data, known),
  ];
  if (faults.length > 0) throw new BridgeSettingsError(faults);
  return parsed.data;
}
