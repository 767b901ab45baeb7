import type { BoundedContext } from '../kernel/context.ts';
import type { EventFilter } from '../log/read.ts';
import { toEventType } from './message.ts';
import type { OutboundParts } from './outbound-parts.ts';
import type { OutboundBridge } from './run-bridge.ts';
import { stateBridgeName } from './setting-names.ts';
import type { KafkaSettings } from './settings.ts';
import { openStateSource } from './state-source.ts';
import type { TargetKind } from './target.ts';
import { type KafkaTargetOptions, kafkaTarget } from './targets/kafka.ts';
import type { Secrets } from './targets/secrets.ts';

interface EventTargetParts {
  readonly settings: KafkaSettings;
  readonly contexts: readonly BoundedContext[];
  readonly ledger: string;
  readonly secret: Secrets;
  readonly contextOf: (type: string) => string;
  readonly filter: EventFilter;
}

/** The topic of the events, or one for each bounded context. */
export function kafkaEventTarget(parts: EventTargetParts): TargetKind {
  const { settings, secret, ledger } = parts;
  const transactionalId = toTransactionalId(ledger, settings.name);
  const topics = toTopics(parts);
  return kafkaTarget({ settings, secret, transactionalId, ...topics });
}

/** The id with which a producer shuts out the previous producer of the same bridge. */
function toTransactionalId(ledger: string, bridge: string): string {
  return `daybook-${ledger}-${bridge}`;
}

function toTopics({
  settings,
  contexts,
  contextOf,
  filter: { types },
}: EventTargetParts): Pick<KafkaTargetOptions, 'topics' | 'topicOf'> {
  const { topic, perContext, partitions, replicas } = settings;
  const toTopic = (name: string) => ({ name, partitions, replicas, isCompacted: false });
  if (!perContext) return { topics: [toTopic(topic)], topicOf: () => topic };
  const isUsed = ({ events }: BoundedContext) =>
    types === undefined || Object.keys(events).some((type) => types.includes(type));
  return {
    topics: contexts.filter(isUsed).map(({ name }) => toTopic(`${topic}.${name}`)),
    topicOf: ({ attributes }) => `${topic}.${contextOf(toEventType(attributes['type'] ?? ''))}`,
  };
}

const statePageMax = 500;

/**
 * The bridges that keep the documents of views in compacted topics. They always begin at the first
 * event, and have no filter, so that a topic has every document of its view.
 */
export function kafkaStateBridges(
  settings: KafkaSettings,
  { contexts, log, feed, views, keys, ledger, secret }: OutboundParts,
): readonly OutboundBridge[] {
  const { partitions, replicas } = settings;
  const all = contexts.flatMap((context) => context.views);
  return settings.state.map(({ view: viewName, topic }) => {
    const view = all.find(({ name }) => name === viewName);
    if (view === undefined) throw new Error(`there is no view ${viewName}`);
    const name = stateBridgeName(settings.name, viewName);
    const kind = 'kafka-state';
    return {
      identity: { name, kind, direction: 'OUT' },
      from: 0,
      target: kafkaTarget({
        settings,
        secret,
        transactionalId: toTransactionalId(ledger, name),
        topics: [{ name: topic, partitions, replicas, isCompacted: true }],
        topicOf: () => topic,
        sharesSequences: true,
      }),
      openSource: (signal) =>
        openStateSource({ log, feed, views, view, keys, ledger, limit: statePageMax }, signal),
    };
  });
}
