import type { Grounding } from '../turn.ts';

/** More are folded away: they are there to be checked, not to be read. */
const SHOWN = 4;

/** What an answer rests on: what was searched for, and links to what was found. */
export function SourceList({ grounding: { sources, queries } }: { grounding: Grounding }) {
  const shown = sources.slice(0, SHOWN);
  const folded = sources.slice(SHOWN);
  return (
    <div class="sources" data-testid="sources">
      {queries.length > 0 && (
        <p class="searched">
          Searched for{' '}
          {queries.map((query) => (
            <q key={query}>{query}</q>
          ))}
        </p>
      )}
      {shown.length > 0 && (
        <>
          <h4 class="visually-hidden">Sources</h4>
          <SourceLinks sources={shown} />
        </>
      )}
      {folded.length > 0 && (
        <details>
          <summary>{folded.length === 1 ? '1 more source' : `${folded.length} more sources`}</summary>
          <SourceLinks sources={folded} />
        </details>
      )}
    </div>
  );
}

function SourceLinks({ sources }: { sources: Grounding['sources'] }) {
  return (
    <ul>
      {sources.map(({ uri, title, domain }) => (
        <li key={uri}>
          <a href={uri} target="_blank" rel="noopener noreferrer">
            <bdi class="source-title" title={title}>
              {title}
            </bdi>
            {domain && domain !== title && <bdi class="source-domain">{domain}</bdi>}
            <span class="visually-hidden">(opens in a new tab)</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
