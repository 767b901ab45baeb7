/** A server to be started with or without rights. */
export interface RightsJob {
  readonly url: string;
  readonly secret: string;
  readonly hasRights: boolean;
  /** Whether the record of every command is kept. */
  readonly recordsCommands: boolean;
  /** How many accounts to open, and who owns the first of them; each other has its own owner. */
  readonly accounts: number;
  readonly owners: readonly string[];
}
