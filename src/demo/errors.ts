/** The log was not begun by the demo, and `--among-other-data` was not given. */
export class OtherDataError extends Error {
  readonly code = 'OTHER_DATA';
}

/** A part of the market's set-up failed. */
export class SetUpError extends Error {
  readonly code = 'SET_UP_REFUSED';
}
