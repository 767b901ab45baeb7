/** The log is not one of the demo, and nobody said that it may be used all the same. */
export class OtherDataError extends Error {
  readonly code = 'OTHER_DATA';
}

/** Something that the market is made of cannot be had. */
export class SetUpError extends Error {
  readonly code = 'SET_UP_REFUSED';
}
