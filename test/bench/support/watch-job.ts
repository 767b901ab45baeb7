/** The jobs of the process that has many subscribers. */
export interface CrowdJob {
  readonly port: number;
  /** The account that changes. */
  readonly accountId: string;
  /** Accounts that are watched and do not change. */
  readonly otherIds: readonly string[];
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface CrowdResult {
  /** From sending a mutation to its answer. */
  readonly answerP50Ms: number;
  /** From sending a mutation to its frame. */
  readonly frameP50Ms: number;
  /** Frames of the accounts that did not change. */
  readonly otherFrames: number;
}

export interface DeliveryJob {
  readonly port: number;
  readonly ids: readonly string[];
  readonly kind: 'live' | 'events';
}
