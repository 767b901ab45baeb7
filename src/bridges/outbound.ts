import { type BoundedContext, eventDefinitionsOf } from '../kernel/context.ts';
import type { EventFilter } from '../log/read.ts';
import { kafkaEventTarget, kafkaStateBridges } from './kafka-bridges.ts';
import type { OutboundParts } from './outbound-parts.ts';
import type { OutboundBridge } from './run-bridge.ts';
import type { BridgeSettings } from './settings.ts';
import { openEventSource } from './source.ts';
import type { TargetKind } from './target.ts';
import { kinesisTarget } from './targets/kinesis.ts';
import { natsTarget } from './targets/nats.ts';
import { webhookTarget } from './targets/webhook.ts';

const pageMax = 2_000;

/** The bridges of an entry of the configuration. */
export function outboundBridges(
  settings: BridgeSettings,
  parts: OutboundParts,
): readonly OutboundBridge[] {
  const { log, feed, keys, ledger, contexts, signedHead } = parts;
  const contextOf = createContextOf(contexts);
  const filter = toEventFilter(settings, contexts);
  const definitions = eventDefinitionsOf(contexts);
  const limit = pageMax;
  const source = { log, feed, filter, keys, ledger, definitions, signedHead, limit };
  const { name, kind, from } = settings;
  return [
    {
      identity: { name, kind, direction: 'OUT' },
      from: from === 'now' ? null : from === 'beginning' ? 0 : from,
      target: toTarget(settings, parts, { contextOf, filter }),
      openSource: (signal) => openEventSource(source, signal),
    },
    ...(settings.kind === 'kafka' ? kafkaStateBridges(settings, parts) : []),
  ];
}

function toTarget(
  settings: BridgeSettings,
  { secret, contexts, ledger }: OutboundParts,
  { contextOf, filter }: { contextOf: (type: string) => string; filter: EventFilter },
): TargetKind {
  switch (settings.kind) {
    case 'kafka':
      return kafkaEventTarget({ settings, contexts, ledger, secret, contextOf, filter });
    case 'nats':
      return natsTarget({ settings, secret, contextOf });
    case 'kinesis':
      return kinesisTarget({ settings });
    case 'webhook':
      return webhookTarget({ settings, secret });
  }
}

/** The name of the bounded context that defines an event type. */
function createContextOf(contexts: readonly BoundedContext[]): (type: string) => string {
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
