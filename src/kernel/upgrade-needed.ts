/**
 * This program is older than what it has to work with, and only a newer version of it can go on. The
 * message names what this version lacks.
 */
export class UpgradeNeededError extends Error {
  readonly code = 'UPGRADE_NEEDED';
}

/** An event that a newer version of the program has recorded. */
export interface NewerEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly sequence: number;
}

/** A newer version has recorded an event that this program cannot read. */
export class NewerEventError extends UpgradeNeededError implements NewerEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly sequence: number;
  /** `latest`: the schema version up to which this program knows the type; null: not at all. */
  constructor({ type, schemaVersion, sequence }: NewerEvent, latest: number | null) {
    const lack =
      latest === null
        ? `the type ${type} of event ${sequence}`
        : `version ${schemaVersion} of ${type}, event ${sequence}; it knows version ${latest}`;
    super(`this server is older than the log and does not know ${lack}: upgrade it`);
    this.type = type;
    this.schemaVersion = schemaVersion;
    this.sequence = sequence;
  }
}

/** For a fold that was given an event of a type it does not know: it throws instead of guessing. */
export function throwUpgradeNeeded({ type, schemaVersion, sequence }: NewerEvent): never {
  throw new NewerEventError({ type, schemaVersion, sequence }, null);
}
