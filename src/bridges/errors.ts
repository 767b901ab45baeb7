/** The bridge cannot continue until an operator has fixed the cause and retried the bridge. */
export class BridgeParkedError extends Error {
  readonly code = 'BRIDGE_PARKED';
}

/**
 * A call of a target failed, and may have had an effect. The bridge reads the last messages of
 * the target again and continues after them.
 */
export class TargetError extends Error {
  readonly code = 'TARGET_FAILED';
  /** The least time that the target asks to wait before the next attempt. */
  readonly retryAfterMs: number;
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.retryAfterMs = cause instanceof RetryLaterError ? cause.retryAfterMs : 0;
  }
}

/** A target asks to wait before the next attempt. */
export class RetryLaterError extends Error {
  readonly code = 'RETRY_LATER';
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/**
 * Runs a call of a target. Passes on `BridgeParkedError`, and wraps other errors in `TargetError`.
 */
export async function callTarget<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof BridgeParkedError || error instanceof TargetError) throw error;
    throw new TargetError(error);
  }
}

/** There is no bridge of this name. */
export class BridgeNotFoundError extends Error {
  readonly code = 'BRIDGE_NOT_FOUND';
  constructor(readonly bridgeName: string) {
    super(`there is no bridge ${bridgeName}`);
  }
}
