/** What the load generator is asked for. */
export interface LoadJob {
  readonly port: number;
  /** Each sends its next request when it has the answer to its last. */
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** A connection sends one request of each group in turn; which one of it, is random. */
  readonly groups: readonly RequestGroup[];
}

export interface RequestGroup {
  /** GraphQL requests, as the JSON that is posted. */
  readonly bodies: readonly string[];
  /** What every answer contains, besides its status 200. */
  readonly expected: string;
}

export interface GroupLoad {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Over the warm-up and the measured time. */
  readonly unexpectedCount: number;
  readonly unexpected: string | null;
}
