/**
 * This program is older than the data that it has to process; only a newer version can continue.
 * The message names what this version lacks.
 */
export class UpgradeNeededError extends Error {
  readonly code = 'UPGRADE_NEEDED';
}

/** An event that a newer version of the program has recorded. */
interface NewerEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly sequence: number;
}

/**
 * Thrown for an event that a newer version of the program has recorded and this one cannot read.
 */
export class NewerEventError extends UpgradeNeededError implements NewerEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly sequence: number;
  /**
   * `latest` is the highest schema version of the type that this program knows; null if it does not
   * know the type.
   */
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

/** Throws `NewerEventError`, for a fold that gets an event of an unknown type. */
export function throwUpgradeNeeded({ type, schemaVersion, sequence }: NewerEvent): never {
  throw new NewerEventError({ type, schemaVersion, sequence }, null);
}
