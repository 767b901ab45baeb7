import { toFaultLine } from '../proof/chain.ts';
import { verifyLog } from '../proof/verify-log.ts';
import type { LogPlace } from './chain.ts';
import { ExportError } from './errors.ts';

/**
 * Checks a whole restored log as `daybook verify` does, and returns its end. Throws `ExportError`
 * with the first sequence that is not as it was recorded.
 */
export async function checkLog(url: string, signal: AbortSignal): Promise<LogPlace> {
  const options = { url, from: null, heads: [], isPart: false, signal, onPosition() {} };
  const { fault, position } = await verifyLog(options);
  signal.throwIfAborted();
  if (fault !== null) throw new ExportError('DAMAGED', toFaultLine(fault));
  const { sequence, hash, batchAt, commandsHash } = position;
  return { sequence, hash, recordedAt: batchAt === '' ? null : batchAt, commandsHash };
}
