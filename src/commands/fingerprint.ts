import { createHash } from 'node:crypto';
import { toCanonicalJson } from '../lib/canonical-json.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import type { CommandRequest, KeyedInput } from './request.ts';

/**
 * The idempotency key of a command, with a fingerprint of its input; null if it has no key. The
 * fingerprint of an input with personal texts needs the key of the log: a plain hash would let
 * anyone who can read the database guess them.
 */
export function toKeyedInput(
  { definition, input, options }: CommandRequest,
  keys: Pick<KeyRing, 'fingerprint'>,
): KeyedInput | null {
  const { idempotencyKey, expectedVersion, occurredAt } = options;
  if (idempotencyKey == null) return null;
  const content = toCanonicalJson([definition.name, input, { expectedVersion, occurredAt }]);
  const hash = createHash('sha256').update(content).digest('hex');
  const members: Readonly<Record<string, unknown>> = input;
  const isPersonal = definition.personal?.some((name) => members[name] != null) === true;
  const fingerprint = isPersonal ? keys.fingerprint(content) : hash;
  return { idempotencyKey, fingerprint, olderFingerprint: hash };
}
