/** A command about a view cannot be carried out; the message says what to do. */
export class RebuildError extends Error {
  constructor(
    readonly code:
      | 'VIEW_NOT_FOUND'
      | 'VIEW_NOT_BUILT'
      | 'VIEW_BEING_REBUILT'
      | 'NOTHING_KEPT'
      | 'REBUILD_STOPPED',
    readonly view: string,
    message: string,
  ) {
    super(message);
  }
}
