import type { Feed } from '../feed/feed.ts';
import type { BoundedContext } from '../kernel/context.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter } from '../log/read.ts';
import type { OutboundBridge } from './run-bridge.ts';
import type { BridgeSettings } from './settings.ts';
import { openEventSource } from './source.ts';
import type { TargetKind } from './target.ts';
import { kinesisTarget } from './targets/kinesis.ts';
import { natsTarget } from './targets/nats.ts';
import type { Secrets } from './targets/secrets.ts';
import { webhookTarget } from './targets/webhook.ts';

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
  { secret }: OutboundParts,
  contextOf: (type: string) => string,
): TargetKind {
  switch (settings.kind) {
    case 'nats':
      return natsTarget({ settings, secret, contextOf });
    case 'kinesis':
      return kinesisTarget({ settings });
    case 'webhook':
      return webhookTarget({ settings, secret });
    default:
      throw new Error(`${settings.kind} is not supported yet`);
  }
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
