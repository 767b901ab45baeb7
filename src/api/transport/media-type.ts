/** The media types of a GraphQL result in JSON. */
export type ResultType = 'application/graphql-response+json' | 'application/json';

/** The forms of answers that a caller accepts. */
export interface Accepted {
  /** The preferred type of a result in JSON; null if the caller accepts none. */
  readonly json: ResultType | null;
  /** Whether the caller names event streams; a wildcard is not enough. */
  readonly stream: boolean;
}

const plain: Accepted = { json: 'application/json', stream: false };

const jsonTypes: ReadonlyMap<string, ResultType> = new Map([
  ['application/graphql-response+json', 'application/graphql-response+json'],
  ['application/json', 'application/json'],
  ['application/*', 'application/json'],
  ['*/*', 'application/json'],
]);

/** Reads a header Accept. Of types with the same weight, the first one is preferred. */
export function readAccept(header: string | undefined): Accepted {
  if (header === undefined || header === '*/*' || header === 'application/json') return plain;
  let json: ResultType | null = null;
  let best = 0;
  let stream = false;
  for (const { name, quality, parameters } of weighted(header)) {
    if (quality > 0 && name === 'text/event-stream') stream = true;
    const type = jsonTypes.get(name);
    if (type === undefined || quality <= best || !isUtf8(parameters)) continue;
    json = type;
    best = quality;
  }
  return { json, stream };
}

/** The type of an error that is answered before anything else is known about a request. */
export function errorTypeOf(header: string | undefined): ResultType {
  return readAccept(header).json ?? 'application/json';
}

interface Weighted {
  readonly name: string;
  /** 0 to 1; 0 means not acceptable. */
  readonly quality: number;
  /** The parameters other than the weight, such as `charset=utf-8`. */
  readonly parameters: readonly string[];
}

/** The items of a header such as Accept or Accept-Encoding, in lower case, in their order. */
export function weighted(header: string): readonly Weighted[] {
  return header
    .toLowerCase()
    .split(',')
    .map((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      const quality = weight === undefined ? 1 : Number(weight.slice(2));
      const others = parameters.filter((parameter) => parameter !== weight);
      return { name, quality: Number.isFinite(quality) ? quality : 0, parameters: others };
    });
}

function isUtf8(parameters: readonly string[]): boolean {
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return charset === undefined || /^charset="?utf-?8"?$/.test(charset);
}
