import { TokenBucket } from 'limiter';
import { delay } from '../../lib/delay.ts';

/** A bucket for a rate; null if the rate is infinite. */
export function createBucket(perSecond: number, burstSeconds: number): TokenBucket | null {
  return Number.isFinite(perSecond) ? createFullBucket(perSecond, burstSeconds) : null;
}

export function createFullBucket(perSecond: number, burstSeconds: number): TokenBucket {
  const bucketSize = perSecond * burstSeconds;
  const bucket = new TokenBucket({ bucketSize, tokensPerInterval: perSecond, interval: 'second' });
  bucket.content = bucketSize;
  return bucket;
}

/** How long until there are enough tokens; a full bucket is enough for any number of them. */
export function waitMsOf(bucket: TokenBucket | null, count: number): number {
  if (bucket === null || count === 0) return 0;
  return bucket.getWaitTime(Math.min(count, bucket.bucketSize));
}

/** Takes tokens. What a full bucket lacks is missing later, so that the rate is kept on average. */
export function take(bucket: TokenBucket | null, count: number): void {
  if (bucket !== null) bucket.content -= count;
}

/** Waits until there are enough tokens and takes them; takes none if the signal fires before. */
export async function takeLater(
  bucket: TokenBucket | null,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  for (let ms = waitMsOf(bucket, count); ms > 0; ms = waitMsOf(bucket, count)) {
    await delay(ms, signal);
    if (signal.aborted) return;
  }
  take(bucket, count);
}
