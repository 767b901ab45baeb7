/** The log has moved on since the batch's streams were loaded; nothing was written. */
export class StaleStreamsError extends Error {
  readonly code = 'STALE_STREAMS';
  /** `actual`: the version of each stale stream in the log. */
  constructor(readonly actual: ReadonlyMap<string, number>) {
    super(`not at the expected version: ${[...actual.keys()].join(', ')}`);
  }
}

/** Some of the batch's idempotency keys have an outcome already; nothing was written. */
export class KeysUsedError extends Error {
  readonly code = 'KEYS_USED';
  constructor(readonly keys: readonly (readonly [actor: string, idempotencyKey: string])[]) {
    super(`used before: ${keys.map(([, key]) => key).join(', ')}`);
  }
}
