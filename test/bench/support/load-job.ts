/** The job of the load generator. */
export interface LoadJob {
  readonly port: number;
  /** Each sends its next request when the last one is answered. */
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** A connection sends a random request of each group in turn. */
  readonly groups: readonly RequestGroup[];
}

export interface RequestGroup {
  /** GraphQL requests, as the JSON that is posted. */
  readonly bodies: readonly string[];
  /** The text that every answer must contain, in addition to the status 200. */
  readonly expected: string;
  /** The value of the header authorization. If absent, the requests have none. */
  readonly authorization?: string;
}

export interface GroupLoad {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Counts the warm-up and the measured time. */
  readonly unexpectedCount: number;
  readonly unexpected: string | null;
}
