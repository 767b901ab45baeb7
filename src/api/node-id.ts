import { parseSequence } from '../kernel/moment.ts';
import { isWouldBe, type ReadPoint } from '../views/read-point.ts';
import { badInput } from './errors.ts';

/**
 * The id of an object at a read point. Read now, it is the plain key. Read as of a moment, it is
 * the key, "@" and the sequence number; of a dry run that proposes events, also "+" and the id of
 * the command. So a cache that stores objects by id never takes one state for another.
 */
export function idAt(key: string, at: ReadPoint): string {
  if (typeof at === 'number') return key;
  const moment = `${key}@${at.sequence}`;
  const [proposed] = isWouldBe(at) ? at.events : [];
  return proposed === undefined ? moment : `${moment}+${proposed.commandId}`;
}

/** The parts of an id: the key, and the sequence number if the id names a moment. */
interface NodeId {
  readonly key: string;
  readonly sequence: number | null;
}

/** Parses an id of `idAt`; throws BAD_USER_INPUT for the id of a dry run. */
export function parseNodeId(name: string, id: string): NodeId {
  const at = id.lastIndexOf('@');
  if (at === -1) return { key: id, sequence: null };
  const [moment = '', command] = id.slice(at + 1).split('+');
  const sequence = parseSequence(moment);
  if (sequence === null) return { key: id, sequence: null };
  if (command === undefined) return { key: id.slice(0, at), sequence };
  const rule = 'whose state was not recorded: send the command';
  return badInput(`the id is that of a dry run, ${rule}`, name);
}
