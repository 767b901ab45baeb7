const seed = 0x9747b28c;
const m = 0x5bd1e995;
const r = 24;

/**
 * The partition of a key, as Kafka's Java clients compute it: murmur2 of its UTF-8 bytes, without
 * the sign. So other clients send the same key to the same partition.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** `org.apache.kafka.common.utils.Utils.murmur2`: a signed 32-bit number. */
function murmur2(data: Buffer): number {
  const { length } = data;
  const whole = length & ~3;
  let h = seed ^ length;
  for (let at = 0; at < whole; at += 4) {
    let k = Math.imul(data.readInt32LE(at), m);
    k ^= k >>> r;
    h = Math.imul(h, m) ^ Math.imul(k, m);
  }
  const rest = length - whole;
  if (rest >= 3) h ^= (data[whole + 2] ?? 0) << 16;
  if (rest >= 2) h ^= (data[whole + 1] ?? 0) << 8;
  if (rest >= 1) h = Math.imul(h ^ (data[whole] ?? 0), m);
  h = Math.imul(h ^ (h >>> 13), m);
  return h ^ (h >>> 15);
}
