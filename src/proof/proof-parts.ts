import type { Executor } from '../postgres/database.ts';
import { type SigningState, unsigned } from './signer.ts';
import { readVerification, type Verification } from './verification.ts';

/** What proves the log. */
export interface ProofParts {
  /** What the servers have verified. */
  readonly verification: () => Promise<Verification>;
  /** What this process has signed. */
  readonly signing: () => SigningState;
}

/** `signing`: absent in a process that signs nothing. */
export function createProofParts(
  executor: Executor,
  signing: (() => SigningState) | undefined,
): ProofParts {
  return { verification: () => readVerification(executor), signing: signing ?? (() => unsigned) };
}
