import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type ExecutionResult, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import type { Operation } from './operation.ts';

/**
 * How long an answer about a moment may be kept without asking again. Such an answer changes only
 * if the log is restored to an earlier state, or if a newer version describes the same events in
 * another way; a cache must not serve the old one permanently.
 */
const maxAgeSeconds = 24 * 60 * 60;

/** The request headers on which the answer depends. */
const varyNames = 'Accept, Accept-Encoding, Origin';

/**
 * Whether every root field of a query names the moment at which it reads. The context knows whether
 * the moment was given. Fields that take no moment, such as `views`, read the present; the schema
 * changes with the version of the server.
 */
function readsMoments({ document, schema, definition }: Operation): boolean {
  const fields = schema.getQueryType()?.getFields() ?? {};

  function isMoment(selection: SelectionNode): boolean {
    if (selection.kind === Kind.INLINE_FRAGMENT) return areMoments(selection.selectionSet);
    const name = selection.name.value;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = document.definitions.find(
        (found) => found.kind === Kind.FRAGMENT_DEFINITION && found.name.value === name,
      );
      return fragment?.kind === Kind.FRAGMENT_DEFINITION && areMoments(fragment.selectionSet);
    }
    // The id of a node has its moment.
    if (name === '__typename' || name === 'node') return true;
    return fields[name]?.args.some((argument) => argument.name === 'asOf') ?? false;
  }

  function areMoments({ selections }: SelectionSetNode): boolean {
    return selections.every(isMoment);
  }

  return areMoments(definition.selectionSet);
}

/** Whether the answer of a query that was executed can never change. An error may be temporary. */
export function isSettledAnswer(operation: Operation, { errors }: ExecutionResult): boolean {
  if (errors !== undefined || operation.contextValue.isSettled?.() !== true) return false;
  return readsMoments(operation);
}

type SettledHeaders = Readonly<Record<'etag' | 'cache-control' | 'vary', string>>;

/**
 * The headers with which caches keep an answer that never changes. The tag is a hash of the answer,
 * so that it names no other answer, not even after the log was restored.
 */
export function settledHeaders(body: string, isAuthenticated: boolean): SettledHeaders {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  const scope = isAuthenticated ? 'private' : 'public';
  return {
    etag: `W/"${hash}"`,
    'cache-control': `${scope}, max-age=${maxAgeSeconds}, immutable`,
    vary: isAuthenticated ? `${varyNames}, Authorization` : varyNames,
  };
}

/** Whether the caller has the answer already, by its header If-None-Match. */
export function isKnown(headers: IncomingHttpHeaders, etag: string): boolean {
  const known = headers['if-none-match']?.split(',').map((tag) => tag.trim()) ?? [];
  return known.some((tag) => tag === '*' || toWeak(tag) === etag);
}

function toWeak(tag: string): string {
  return tag.startsWith('W/') ? tag : `W/${tag}`;
}
