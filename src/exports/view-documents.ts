/**
 * The query for the documents of a view as of a sequence: key, sequence of the last change, and the
 * document, all as texts, in the order of the keys.
 */
export function documentsAsOf(viewId: number, sequence: number): string {
  return `select key, sequence::text, document::text from (
      select distinct on (key) key, sequence, document from view_document_history
      where view_id = ${Math.trunc(viewId)} and sequence <= ${Math.trunc(sequence)}
      order by key, sequence desc
    ) as latest
    where document is not null order by key`;
}
