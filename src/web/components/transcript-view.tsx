import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../conversation.ts';
import { EmptyState } from './empty-state.tsx';
import { DownIcon } from './icons.tsx';
import { TurnView } from './turn-view.tsx';

/** How near to the end counts as being there. Pixels. */
const NEAR_PX = 48;

export function TranscriptView({ conversation }: { conversation: Conversation }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  const { turns, truncated, awaiting } = conversation.transcript.value;

  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  const lastTyped = turns.findLast((turn) => turn.role === 'user' && !turn.spoken)?.id;
  useLayoutEffect(() => setFollows(true), [lastTyped]);
  // Whoever has scrolled up is reading: the page does not pull the text away.
  useLayoutEffect(() => {
    if (follows) toEnd();
  });

  // The same when the keyboard of a phone or an attached picture takes room away.
  const followsNow = useRef(follows);
  followsNow.current = follows;
  useLayoutEffect(() => {
    const area = scroller.current;
    if (!area) return;
    const observer = new ResizeObserver(() => {
      if (followsNow.current) toEnd();
    });
    observer.observe(area);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const area = scroller.current;
    if (area) setFollows(area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_PX);
  };

  return (
    <main class="stage">
      <div
        ref={scroller}
        class="scroller"
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        aria-live="polite"
      >
        {turns.length === 0 ? (
          <EmptyState conversation={conversation} />
        ) : (
          <div class="column turns">
            {truncated && <p class="mark">Earlier parts of the conversation are not shown.</p>}
            {turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} />
            ))}
            {awaiting && (
              <div class="turn waiting" aria-hidden="true">
                <i />
                <i />
                <i />
              </div>
            )}
          </div>
        )}
      </div>
      {!follows && (
        <button type="button" class="to-end" onClick={toEnd}>
          <DownIcon />
          Latest
        </button>
      )}
    </main>
  );
}
