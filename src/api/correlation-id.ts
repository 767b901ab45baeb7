/** Excludes control characters and, as the flag `u` matches code points, unpaired surrogates. */
const pattern = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/** The rule for a correlationId, worded to follow "correlationId must have". */
export const correlationIdRule = '1 to 128 characters without control characters';

export function isCorrelationId(text: string): boolean {
  return pattern.test(text);
}
