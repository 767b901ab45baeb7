import type { CommandTransport } from '../kernel/command.ts';
import type { Role } from '../kernel/role.ts';

/** The optional hints of a request, from its `extensions.daybook` or its headers. */
export interface RequestHints {
  /** The sequence number, in digits, that the operation must read at or after; null if none. */
  readonly minSequence: string | null;
  /** The caller's id for related operations; null if it gave none. */
  readonly correlationId: string | null;
}

/** What is known about an operation before its context exists. */
export interface OperationInit extends RequestHints {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly transport: CommandTransport;
  /** Aborted when the answer is no longer needed. */
  readonly signal: AbortSignal;
}
