import type { DocumentShape } from './document-shape.ts';
import { DaybookError } from './errors.ts';

/** Fields of Subscription that lose frames without a cursor. A test compares it with the schema. */
export const cursorFields: readonly string[] = ['events', 'trades', 'orderBookDeltas'];

/**
 * The variable that a subscription passes to the argument `after`; null if its frames are states.
 * Throws CURSOR_REQUIRED if it needs one and has none.
 */
export function cursorOf({ fields }: DocumentShape, after: string | undefined): string | null {
  const [field] = fields;
  const cursor = field?.variables.get('after') ?? null;
  if (cursor !== null) return cursor;
  if (after === undefined && !cursorFields.includes(field?.name ?? '')) return null;
  const message = `declare a variable and pass it to ${field?.name}(after:), to resume after a cut`;
  throw new DaybookError('CURSOR_REQUIRED', message);
}
