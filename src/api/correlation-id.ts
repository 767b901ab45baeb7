/** No control characters and, as the pattern goes by code points, no lone surrogates. */
const pattern = /^[^\p{Cc}\p{Cs}]{1,128}$/u;

/** What a correlationId is, after the words "correlationId" and a verb. */
export const correlationIdRule = '1 to 128 characters without control characters';

export function isCorrelationId(text: string): boolean {
  return pattern.test(text);
}
