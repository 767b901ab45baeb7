import { readSignedHead } from '../proof/signed-head.ts';
import type { StreamMessage } from './stream-message.ts';

/** Checks the signatures of the heads that messages carry. */
interface HeadsCheck {
  add(message: Pick<StreamMessage, 'lane' | 'location' | 'signedHead'>): void;
  /** Whether a head is not signed by the key. */
  isBad(): boolean;
  lines(): readonly string[];
}

/** `publicKey`: the key that must have signed the heads; null: nothing is checked. */
export function createHeadsCheck(publicKey: string | null): HeadsCheck {
  let count = 0;
  let last = 0;
  let fault: string | null = null;
  return {
    add({ lane, location, signedHead }) {
      if (publicKey === null || signedHead === null) return;
      const head = readSignedHead(signedHead, [publicKey]);
      if (typeof head === 'string') {
        fault ??= `first bad head: ${lane}, ${location}, ${head}`;
        return;
      }
      count += 1;
      last = Math.max(last, head.sequence);
    },
    isBad: () => fault !== null,
    lines() {
      if (publicKey === null) return [];
      const good = `${count} heads are signed by the key, up to sequence ${last}`;
      return fault === null ? [good] : [good, fault];
    },
  };
}
