import { oneLine } from '../lib/one-line.ts';
/** The description of the argument `asOf`, which is the same in every query. */
export const asOfDescription = oneLine`The moment at which to read: a sequence number or a time. If
  omitted, the current state is read, at the sequence number of the operation, which is in
  extensions.daybook.sequence of the answer.`;
