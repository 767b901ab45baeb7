/** What the argument `asOf` of a query means: the same in every query. */
export const asOfDescription = `The moment of the log to read at. If omitted, the query reads at the
  sequence number of the operation, which is near the head of the log.`.replace(/\s+/g, ' ');
