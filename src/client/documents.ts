import { type DocumentShape, readDocument } from './document-shape.ts';
import { DaybookError } from './errors.ts';

/**
 * A document with the types of its result and variables: `TypedDocumentString` and
 * `TypedDocumentNode` of GraphQL Code Generator, and the documents of gql.tada.
 */
export interface TypedDocument<Result, Variables> {
  readonly __apiType?: (variables: Variables) => Result;
}

/** A parsed document, which needs the option `print`. */
export interface ParsedDocument {
  readonly kind: string;
}

/** A document in any of its forms. A typed one defines the types of its result and variables. */
export type AnyDocument<Result, Variables> =
  | string
  | TypedDocument<Result, Variables>
  | ParsedDocument;

export type Print = (document: never) => string;

interface ReadDocument {
  readonly text: string;
  /** The name of the operation; null if it has none. */
  readonly name: string | null;
  readonly shape: DocumentShape;
}

/** Returns the text of a document and what it does. Throws INVALID_DOCUMENT. */
type ReadAs = (document: AnyDocument<never, never>, kind: DocumentShape['kind']) => ReadDocument;

const documentsMax = 1_000;

/** Remembers what it has read of the last documents. */
export function createDocumentReader(print: Print | undefined): ReadAs {
  const texts = new WeakMap<object, string>();
  const shapes = new Map<string, DocumentShape>();

  function textOf(document: AnyDocument<never, never>): string {
    if (typeof document === 'string') return document;
    if (!('kind' in document)) return String(document);
    const known = texts.get(document);
    if (known !== undefined) return known;
    if (print === undefined) {
      throw invalid('a parsed document requires the option print, such as that of graphql');
    }
    const text = print(document as never);
    texts.set(document, text);
    return text;
  }

  function shapeOf(text: string): DocumentShape {
    const known = shapes.get(text);
    if (known !== undefined) return known;
    const shape = readDocument(text);
    if (shape === null) throw invalid('the document has no operation');
    if (shapes.size >= documentsMax) shapes.clear();
    shapes.set(text, shape);
    return shape;
  }

  return (document, kind) => {
    const text = textOf(document);
    const shape = shapeOf(text);
    if (shape.kind !== kind) throw invalid(`expected a ${kind}, but this is a ${shape.kind}`);
    return { text, name: shape.name, shape };
  };
}

function invalid(message: string): DaybookError {
  return new DaybookError('INVALID_DOCUMENT', message);
}
