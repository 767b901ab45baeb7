import type { Feed } from '../feed/feed.ts';
import type { BoundedContext } from '../kernel/context.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter } from '../log/read.ts';
import { toEventType } from './message.ts';
import type { OutboundBridge } from './run-bridge.ts';
import type { BridgeSettings, KafkaSettings } from './settings.ts';
import { openEventSource } from './source.ts';
import type { TargetKind } from './target.ts';
import { type KafkaTargetOptions, kafkaTarget } from './targets/kafka.ts';
import { natsTarget } from './targets/nats.ts';
import type { Secrets } from './targets/secrets.ts';

/** What the bridges of a configuration are made of. */
export interface OutboundParts {
  readonly contexts: readonly BoundedContext[];
  readonly log: Log;
  readonly feed: Feed;
  readonly ledger: string;
  readonly secret: Secrets;
}

const pageMax = 2_000;

/** The bridges of an entry of the configuration. */
export function outboundBridges(
  settings: BridgeSettings,
  parts: OutboundParts,
): readonly OutboundBridge[] {
  const { log, feed, ledger, contexts } = parts;
  const contextOf = createContextOf(contexts);
  const origin = { ledger, contextOf };
  const filter = toEventFilter(settings, contexts);
  const { name, kind, from } = settings;
  return [
    {
      identity: { name, kind, direction: 'OUT' },
      from: from === 'now' ? null : from === 'beginning' ? 0 : from,
      target: toTarget(settings, parts, contextOf),
      openSource: (signal) =>
        openEventSource({ log, feed, filter, origin, limit: pageMax }, signal),
    },
  ];
}

function toTarget(
  settings: BridgeSettings,
  { secret, contexts, ledger }: OutboundParts,
  contextOf: (type: string) => string,
): TargetKind {
  switch (settings.kind) {
    case 'kafka':
      return kafkaTarget({
        kind: settings.kind,
        settings,
        secret,
        transactionalId: toTransactionalId(ledger, settings.name),
        ...toTopics(settings, contexts, contextOf),
      });
    case 'nats':
      return natsTarget({ settings, secret, contextOf });
    default:
      throw new Error(`${settings.kind} is not supported yet`);
  }
}

/** The id by which a producer shuts out the one that ran the same bridge before. */
function toTransactionalId(ledger: string, bridge: string): string {
  return `daybook-${ledger}-${bridge}`;
}

/** The topics of a bridge: one, or one for each bounded context. */
function toTopics(
  settings: KafkaSettings,
  contexts: readonly BoundedContext[],
  contextOf: (type: string) => string,
): Pick<KafkaTargetOptions, 'topics' | 'topicOf'> {
  const { topic, perContext, partitions, replicas } = settings;
  const toTopic = (name: string) => ({ name, partitions, replicas, isCompacted: false });
  if (!perContext) return { topics: [toTopic(topic)], topicOf: () => topic };
  const { types } = toEventFilter(settings, contexts);
  const used = contexts.filter(
    ({ events }) => types === undefined || Object.keys(events).some((type) => types.includes(type)),
  );
  return {
    topics: used.map(({ name }) => toTopic(`${topic}.${name}`)),
    topicOf: ({ attributes }) => `${topic}.${contextOf(toEventType(attributes['type'] ?? ''))}`,
  };
}

/** The name of the bounded context that defines an event type. */
export function createContextOf(contexts: readonly BoundedContext[]): (type: string) => string {
  const names = new Map(
    contexts.flatMap(({ name, events }) => Object.keys(events).map((type) => [type, name])),
  );
  return (type) => {
    const name = names.get(type);
    if (name === undefined) throw new Error(`no context defines ${type}`);
    return name;
  };
}

/** Events that have one of the types and are of one of the contexts; empty lists allow all. */
function toEventFilter(
  { filter }: BridgeSettings,
  contexts: readonly BoundedContext[],
): EventFilter {
  const { types, contexts: names } = filter;
  if (types.length === 0 && names.length === 0) return {};
  const ofContexts = contexts
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap(({ events }) => Object.keys(events));
  return { types: ofContexts.filter((type) => types.length === 0 || types.includes(type)) };
}
