import type { InboundSettings } from '../settings.ts';
import type { BridgeIdentity } from '../store.ts';
import type { Secrets } from '../targets/secrets.ts';
import type { CommandSourceKind } from './command-source.ts';
import { kafkaSource } from './kafka-source.ts';
import { natsSource } from './nats-source.ts';
import type { SubmitMutation } from './submit-mutation.ts';

/** A bridge that brings commands in. */
export interface InboundBridge {
  readonly identity: BridgeIdentity;
  readonly actor: string;
  readonly map: InboundSettings['map'];
  readonly source: CommandSourceKind;
  readonly submit: SubmitMutation;
}

/** The bridge of an entry of the configuration. */
export function inboundBridge(
  settings: InboundSettings,
  { secret, submit }: { readonly secret: Secrets; readonly submit: SubmitMutation },
): InboundBridge {
  const { name, kind, actor, map } = settings;
  const identity = { name, kind, direction: 'IN' } as const;
  return { identity, actor, map, source: toSource(settings, secret), submit };
}

function toSource(settings: InboundSettings, secret: Secrets): CommandSourceKind {
  switch (settings.kind) {
    case 'nats':
      return natsSource(settings, secret);
    case 'kafka':
      return kafkaSource(settings, secret);
  }
}
