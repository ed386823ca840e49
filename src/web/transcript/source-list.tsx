import { answerMessages } from '../messages/answers.ts';
import { messages } from '../messages/current.ts';
import type { Grounding } from './turn.ts';

/** Number of sources that are always visible. Further sources are folded. */
const SHOWN = 4;

/** Search queries and sources of an answer. */
export function SourceList({ grounding: { sources, queries } }: { grounding: Grounding }) {
  const words = answerMessages.value.sources;
  const shown = sources.slice(0, SHOWN);
  const folded = sources.slice(SHOWN);
  return (
    <div class="sources" data-testid="sources">
      {queries.length > 0 && (
        <p class="searched">
          {words.searchedFor}{' '}
          {queries.map((query) => (
            <q key={query}>{query}</q>
          ))}
        </p>
      )}
      {shown.length > 0 && (
        <>
          <h3 class="visually-hidden">{words.title}</h3>
          <SourceLinks sources={shown} />
        </>
      )}
      {folded.length > 0 && (
        <details>
          <summary>{words.more(folded.length)}</summary>
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
            <span class="visually-hidden">{messages.value.link.newTab}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
